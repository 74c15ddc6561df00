# shellcheck shell=bash disable=SC2034
# Defines the stages of a chain of jobs, and functions that ask Slurm about these jobs. submit.sh,
# status.sh, cancel.sh and end.sbatch source this file in the project's folder.
set -euo pipefail

: "${EXP:=demo}"
: "${RUN:=run/$EXP}"
: "${TASKS:=4}"
: "${BIN:=build/bin}"
: "${CONFIGS:=configs/$EXP}"
# PACK=groups: one stage prepares and packs. A run that has begun in groups continues in groups.
: "${PACK:=$(if [ -d "$RUN/shards/groups" ]; then echo groups; fi)}"
export EXP RUN TASKS BIN CONFIGS PACK

stages=(prep pack train score evaluate)
[ "$PACK" != groups ] || stages=(pack train score evaluate)
declare -A folder=([prep]=prepared [pack]=shards [train]=train [score]=scores [evaluate]=evaluation)
declare -A tool=([prep]=prep-videos [pack]=pack-shards [train]=train-r3d [score]=score-videos
	[evaluate]=evaluate-scores)
[ "$PACK" != groups ] || tool[pack]=pack-videos
# jobs.tsv lists stage and job of the newest submission. The file is replaced when the first job has
# been queued, so a submission that queues nothing loses nothing. history.tsv keeps the jobs of all
# submissions, with their times.
jobs=$RUN/slurm/jobs.tsv
# The modification time of this file is the time of the newest submission, on the file system's clock.
begun=$RUN/slurm/begun

die() {
	echo "$(basename "$0"): $2" >&2
	exit "$1"
}

is_array() { [ "$1" = prep ] || [ "$1" = score ] || [ "$1-$PACK" = pack-groups ]; }

# task_done STAGE TASK succeeds if this task of an array has written its DONE.
task_done() { [ -e "$(printf '%s/%s/tasks/%04d-of-%04d/DONE' "$RUN" "${folder[$1]}" "$2" "$TASKS")" ]; }

# slices_there STAGE prints into how many slices the unfinished output of a stage is cut. Anybody may
# have written the file, and bash would run a command in a text that it takes for a number.
slices_there() {
	local file=$RUN/${folder[$1]}/leases/slices
	[ ! -f "$file" ] || head -c 64 "$file" 2>/dev/null | LC_ALL=C grep -axE -m 1 '[1-9][0-9]{0,6}' || true
}

# made_by_chain STAGE succeeds if the newest submission has finished the stage. The output of an
# earlier submission may be out of date.
made_by_chain() { [ "$RUN/${folder[$1]}/DONE" -nt "$begun" ]; }

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
