# shellcheck shell=bash disable=SC2034
# Defines the stages of a chain of jobs, and functions that ask Slurm about these jobs. submit.sh,
# status.sh, cancel.sh and end.sbatch source this file in the project's folder.
set -euo pipefail
# shellcheck source=slurm/slices.sh
. slurm/slices.sh

: "${EXP:=demo}"
: "${RUN:=run/$EXP}"
: "${TASKS:=4}"
: "${BIN:=build/bin}"
: "${CONFIGS:=configs/$EXP}"
# PACK=groups: one stage prepares and packs. A run that has begun in groups continues in groups.
: "${PACK:=$(if [ -d "$RUN/shards/groups" ]; then echo groups; fi)}"
export EXP RUN TASKS BIN CONFIGS PACK

stages=(prep pack train score evaluate report)
[ "$PACK" != groups ] || stages=(pack train score evaluate report)
declare -A folder=([prep]=prepared [pack]=shards [train]=train [score]=scores [evaluate]=evaluation)
declare -A tool=([prep]=prep-videos [pack]=pack-shards [train]=train-r3d [score]=score-videos
	[evaluate]=evaluate-scores [report]=report-run)
[ "$PACK" != groups ] || tool[pack]=pack-videos
# jobs.tsv lists stage, job and, for an array, the list of its tasks in the newest submission; if the tasks share the
# work, also the number of slices that they ask for. The file is replaced when the first job has been queued, so a submission that queues nothing loses nothing.
# history.tsv keeps the jobs of all submissions, with their times.
jobs=$RUN/slurm/jobs.tsv
# The modification time of this file is the time of the newest submission, on the file system's clock.
begun=$RUN/slurm/begun

die() {
	echo "$(basename "$0"): $2" >&2
	exit "$1"
}

is_array() { [ "$1" = prep ] || [ "$1" = score ] || [ "$1-$PACK" = pack-groups ]; }

# proof_of STAGE prints the file that the stage writes last. The page has no folder of its own.
proof_of() { if [ "$1" = report ]; then echo "$RUN/report.html"; else echo "$RUN/${folder[$1]}/DONE"; fi; }

# task_file STAGE TASK prints the file that this task of an array writes last.
task_file() { printf '%s/%s/tasks/%04d-of-%04d/DONE' "$RUN" "${folder[$1]}" "$2" "$TASKS"; }
task_done() { [ -e "$(task_file "$1" "$2")" ]; }

# tasks_of LIST prints the tasks that a list such as 1,5-7%2 names, one a line. Fails if it is no such list.
tasks_of() {
	local part
	for part in $(tr ',' ' ' <<<"${1%\%*}"); do
		[[ $part =~ ^([0-9]{1,7})(-([0-9]{1,7})(:([1-9][0-9]{0,6}))?)?$ ]] || return 1
		seq "${BASH_REMATCH[1]}" "${BASH_REMATCH[5]:-1}" "${BASH_REMATCH[3]:-${BASH_REMATCH[1]}}"
	done
}

# as_list reads numbers, one a line, and prints them as such a list.
as_list() {
	sort -nu | awk '
		function end_range() { list = list (list == "" ? "" : ",") first (last > first ? "-" last : "") }
		NR > 1 && $1 != last + 1 { end_range(); first = $1 }
		NR == 1 { first = $1 }
		{ last = $1 }
		END { if (NR > 0) { end_range(); print list } }'
}

# array_of STAGE prints the job of the stage in the newest submission and, if it is an array, the list of its tasks.
array_of() { awk -v stage="$1" '$1 == stage {print $2, $3}' "$jobs"; }

# shares_work STAGE succeeds if the tasks of the newest submission share the work. The tools note their slices when the
# first task begins.
shares_work() {
	is_array "$1" || return 1
	[ -n "$(slices_there "$1")" ] || awk -v stage="$1" '$1 == stage && $4 ~ /^[1-9][0-9]*$/ {found = 1} END {exit !found}' "$jobs"
}

# undone_tasks STAGE lists the tasks of an array that have not written their DONE; nothing if the tasks
# share the work, since any of them may do it.
undone_tasks() {
	local list='' task _
	if is_array "$1" && ! shares_work "$1"; then
		read -r _ list < <(array_of "$1") || true
		for task in $(tasks_of "$list"); do task_done "$1" "$task" || echo "$task"; done | as_list
	fi
}

# never_began STAGE names the tasks of the newest submission that Slurm ended without starting them: they have
# no log. Slurm may count such a task as COMPLETED.
never_began() {
	local job='' list='' task none
	read -r job list < <(array_of "$1") || true
	[ -n "$job" ] || return 0
	if [ -n "$list" ]; then
		none=$(for task in $(tasks_of "$list"); do
			[ -e "$RUN/slurm/reel3d-$1-${job}_$task.log" ] || task_done "$1" "$task" || echo "$task"
		done | as_list)
		none=${none:+$1 tasks $none}
	elif [ ! -e "$RUN/slurm/reel3d-$1-$job.log" ]; then
		none="$1"
	fi
	[ -z "${none:-}" ] || echo "Slurm never started $none (no log): sinfo -R shows nodes that it has drained; submit again"
}

# slices_there STAGE prints into how many slices the unfinished output of a stage is cut.
slices_there() { slices_in "$RUN/${folder[$1]}"; }

# made_by_chain STAGE succeeds if the newest submission has finished the stage. The output of an
# earlier submission may be out of date.
made_by_chain() { [ "$(proof_of "$1")" -nt "$begun" ]; }

# newer_than STAGE prints which stage before it was made last, if that was after this stage: then the result of
# this stage, such as the page, is not about the newest results.
newer_than() {
	local stage newest=$RUN/videos.tsv name=list
	for stage in "${stages[@]}"; do
		[ "$stage" != "$1" ] || break
		[ ! "$(proof_of "$stage")" -nt "$newest" ] || { newest=$(proof_of "$stage") && name=$stage; }
	done
	[ ! "$newest" -nt "$(proof_of "$1")" ] || echo "$name"
}

# queued_jobs NUMBER,... prints "NUMBER STATE" of each of these jobs, and of each task of an array,
# that has not ended. The error 'Invalid job id' means that Slurm has forgotten the job: it has ended.
# After any other error the state is unknown, so the script ends.
queued_jobs() {
	local said
	if said=$(LC_ALL=C squeue --noheader --array --jobs="$1" --format='%F %T' 2>&1); then
		[ -z "$said" ] || printf '%s\n' "$said"
	elif [[ $said != *'Invalid job id'* ]]; then
		die 4 "cannot ask Slurm about the jobs $1 ($said): nothing has been changed; try again when squeue answers"
	fi
}

# jobs_of PATTERN prints the jobs of these stages in the newest submission, joined by commas.
jobs_of() {
	[ ! -e "$jobs" ] || awk -v stages="^($1)$" '$1 ~ stages {print $2}' "$jobs" | paste -sd,
}
