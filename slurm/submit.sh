#!/usr/bin/env bash
# Submits the stages of an experiment as jobs, each waiting for the one before it.
#
#   slurm/submit.sh [prep|pack|train|score|evaluate|report]     up to this stage; all of them by default
#
# `make -f Makefile.workflow report EXEC=slurm` calls it with the experiment in EXP, RUN, BIN,
# CONFIGS, VIDEOS, TASKS, SLICES, PACK, SCRATCH, THREADS, STAGE_TO and OVERWRITE. A stage that is done and up to
# date is skipped. The tasks of prep and score, with PACK=groups those of pack and score, share the work in
# SLICES slices (docs/howto/share_the_work.md). With SLICES=0 or OVERWRITE=yes they have fixed shares, and where an
# unfinished stage was begun so. ARRAY=1,5-7 runs only these tasks of the first stage that is not done. All that can
# be checked is checked before anything is queued. Prints the job numbers and returns; logs go to $RUN/slurm.
cd "$(dirname "$0")/.." || exit
# shellcheck source=slurm/chain.sh
. slurm/chain.sh
# shellcheck source=slurm/pieces.sh
. slurm/pieces.sh
# shellcheck source=slurm/limits.sh
. slurm/limits.sh
# shellcheck source=slurm/grace.sh
. slurm/grace.sh

# The shell would look for a name without a folder in PATH.
[[ ${SITE_ENV:-/} == */* ]] || export SITE_ENV=./$SITE_ENV
[ -r "${SITE_ENV:-slurm/site.env}" ] || die 2 "cannot read ${SITE_ENV:-slurm/site.env}: SITE_ENV must name a file that describes the cluster, such as slurm/site.env"
# As in the jobs, the first command that fails ends this shell, also if it is only a test that comes last.
trap 'die 2 "${SITE_ENV:-slurm/site.env} fails with status $?: each job reads it first, so let each of its commands succeed"' EXIT
set +u # as in job.sh
# shellcheck source=slurm/site.env
. "${SITE_ENV:-slurm/site.env}"
set -u
trap - EXIT
last=${1:-report}
slices=${SLICES:-}

# Variables that make exported stay in the environment, but its flags must not reach the jobs' make.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

check_request() {
	[ -n "${tool[$last]:-}" ] || die 2 "no stage is called '$last'; there are ${stages[*]}"
	[[ $PACK =~ ^(groups|steps|)$ ]] || die 2 "PACK=$PACK: groups or steps"
	[ "$PACK" != steps ] || [ ! -d "$RUN/shards/groups" ] || die 2 "PACK=steps: $RUN is packed in groups: give another RUN, or remove $RUN/shards"
	[ "$last-$PACK" != prep-groups ] || die 2 "with PACK=groups the videos are prepared and packed in one stage: make pack"
	[[ $TASKS =~ ^[1-9][0-9]{0,4}$ ]] || die 2 "TASKS=$TASKS: a number from 1"
	[[ ${SLICES:-0} =~ ^(0|[1-9][0-9]{0,5})$ ]] || die 2 "SLICES=$SLICES: a number of slices, or 0"
	[[ ${STAGE_TO:-/} == /* ]] || die 2 "STAGE_TO=$STAGE_TO: a folder on a disk of each node; begin its path with /"
	command -v sbatch >/dev/null || die 4 "sbatch is not here: run this on a login node of the cluster"
	[ -e "$RUN/videos.tsv" ] || die 3 "$RUN/videos.tsv is missing: make -f Makefile.workflow list EXP=$EXP VIDEOS=DIR"
	videos=$(count_videos "$RUN/videos.tsv")
}

# Two submissions at once would both find no jobs. Where flock does not work, a folder is the lock.
lock_out_others() {
	local status=0 place=$RUN/slurm/submitting
	if ! mkdir -p "$RUN/slurm" 2>/dev/null || ! { : >>"$RUN/slurm/submit.lock"; } 2>/dev/null; then
		die 4 "cannot write to $RUN/slurm (owner: $(stat -c %U "$RUN/slurm" 2>/dev/null || stat -c %U "$RUN")): if the run is somebody else's, give another RUN=DIR or EXP=NAME; else make room or mend the permissions"
	fi
	exec 9>"$RUN/slurm/submit.lock"
	flock --nonblock 9 2>/dev/null || status=$?
	((status != 1)) || die 1 "another submission of $RUN is at work: wait for it"
	if ((status != 0)); then
		mkdir "$place" 2>/dev/null ||
			die 1 "another submission of $RUN is at work ($(cat "$place/who" 2>/dev/null)): wait for it; if it has died, remove $place"
		own_folder=$place
		trap 'rm -rf "$own_folder"' EXIT
		echo "${USER:-somebody} on $HOSTNAME, process $$" >"$place/who"
	fi
}

refuse_second_chain() {
	local before queued
	before=$(jobs_of "$(IFS='|' && echo "${stages[*]}")")
	[ -n "$before" ] || return 0
	queued=$(queued_jobs "$before")
	queued=$(cut -d ' ' -f 1 <<<"$queued" | sort -u | paste -sd,)
	[ -z "$queued" ] || die 1 "jobs of $RUN are still queued or running ($queued): wait, or make -f Makefile.workflow cancel EXP=$EXP"
}

is_done() { # STAGE
	make -q -f Makefile.workflow EXEC=local BUILD=no LIST=no "$(proof_of "$1")" >/dev/null 2>&1
}

# Sets `work` to the stages to submit: the first that is not done and all after it.
find_work() {
	local stage
	work=()
	for stage in "${stages[@]}"; do
		if ((${#work[@]} == 0)) && is_done "$stage"; then
			echo "$stage: done before$(other_ranks "$stage")"
		else
			work+=("$stage")
		fi
		[ "$stage" != "$last" ] || break
	done
}

# Prints a note if a finished training had another number of ranks than TRAIN_OPTIONS ask for. Except
# for rounding, training does not depend on that number, but it may be a mistake.
other_ranks() { # STAGE
	local took nodes=1 each=1 all='' option
	[ "$1" = train ] || return 0
	took=$(sed -n 's/^ranks = //p' "$RUN/train/DONE")
	for option in "${SITE_OPTIONS[@]}" "${TRAIN_OPTIONS[@]}"; do
		case $option in
		--nodes=*) nodes=${option#*=} ;;
		--ntasks-per-node=*) each=${option#*=} ;;
		--ntasks=*) all=${option#*=} ;;
		-N* | -n* | --nodes | --ntasks | --ntasks-per-*) return 0 ;; # sbatch knows more forms than this
		esac
	done
	[[ $nodes$each$all =~ ^[0-9]+$ ]] || return 0
	: "${all:=$((nodes * each))}"
	[ -z "$took" ] || [ "$took" = "$all" ] ||
		echo ", by $took ranks, though TRAIN_OPTIONS ask for $all: OVERWRITE=yes trains again"
}

# A failing `module load` would otherwise end each job as soon as it starts. Like the jobs, this shell ends at
# the first command that fails.
check_setup() {
	local said status=0
	said=$(bash -eo pipefail -c '. "$1" && site_setup' site_setup "${SITE_ENV:-slurm/site.env}" 2>&1 >/dev/null) || status=$?
	((status == 0)) || die 4 "site_setup of ${SITE_ENV:-slurm/site.env} fails here with status $status: ${said:-it prints no error}: mend it, because each job calls it first"
}

# ask_tool STAGE CONFIG lets the tool of a stage check its settings, and print all of them. Call it in a subshell,
# because site_setup may change the environment, including BIN.
ask_tool() {
	local program
	set +u # as in job.sh
	site_setup || return 4
	set -u
	program=$BIN/${tool[$1]}
	[ -x "$program" ] || {
		echo "$program is missing: make -f Makefile.workflow build" >&2
		return 4
	}
	if [ -e "$2" ]; then
		"$program" --config "$2" --print-config
	elif is_array "$1"; then
		# There is nothing to refuse. A tool for GPUs may not even start on a login node.
		"$program" --print-config 2>/dev/null || true
	fi
}

# A wrong key would otherwise be found when its stage starts, perhaps a day later.
check_settings() { # STAGE
	local said status=0 config=$CONFIGS/$1.ini
	if [ "$1-$PACK" = pack-groups ]; then
		config=$RUN/settings/groups.ini # those of prep and pack, in one file
		said=$(make -f Makefile.workflow EXEC=local BUILD=no LIST=no "$config" 2>&1) || die 2 "$said"
	fi
	said=$(ask_tool "$1" "$config" 2>&1 >"$RUN/slurm/.settings") || status=$?
	settings[$1]=$(<"$RUN/slurm/.settings")
	rm -f "$RUN/slurm/.settings"
	((status != 4)) || die 4 "$said"
	((status == 0)) || die 2 "$config: the settings of $1 are refused: $said"
}

# is_task_current STAGE TASK succeeds if the task has written its DONE after all that make compares it with, and no
# video of it failed: the same command tries such videos again.
is_task_current() {
	local before own failed='' inputs=("$RUN/videos.tsv" "$RUN"/settings/{prep,pack}.ini)
	[ "$1" != prep ] || inputs=("$RUN/videos.tsv" "$RUN/settings/prep.ini")
	[ "$1" != score ] || inputs=("$RUN/train/DONE" "$RUN/settings/score.ini")
	own=$(task_file "$1" "$2")
	[ -e "$own" ] && [ "${OVERWRITE:-}" != yes ] || return 1
	for before in "${inputs[@]}"; do
		[ ! "$before" -nt "$own" ] || return 1
	done
	read -r _ _ failed _ <"$own" || true
	[[ ! $failed =~ ^[1-9][0-9]*$ ]]
}

# tasks_to_do STAGE prints the tasks with fixed shares that have work to do, one a line.
tasks_to_do() {
	local task
	for ((task = 0; task < TASKS; task++)); do is_task_current "$1" $task || echo $task; done
}

# Sets ARRAY to the tasks of the first stage that are not done, if some are.
leave_out_done() {
	local stage=${work[0]} undone
	is_array "$stage" || return 0
	choose_slices "$stage"
	((SLICES == 0)) || return 0
	undone=$(tasks_to_do "$stage" | as_list)
	if [ -n "$undone" ] && [ "$undone" != "$( ((TASKS == 1)) && echo 0 || echo "0-$((TASKS - 1))")" ]; then
		ARRAY=$undone
		echo "$stage: the other tasks are done, so only these are queued: $ARRAY"
	fi
}

# Some tasks of a stage can run alone, but the stages after it need all of them.
check_array() {
	local stage=${work[0]} chosen task missing
	is_array "$stage" || die 2 "ARRAY=$ARRAY: $stage comes next, which is no array: leave ARRAY out"
	chosen=$(tasks_of "$ARRAY") || chosen=
	[[ -n $chosen && $ARRAY =~ ^[0-9:-]+(,[0-9:-]+)*(%[1-9][0-9]*)?$ ]] || die 2 "ARRAY=$ARRAY: a list of tasks, such as 1,5-7"
	for task in $chosen; do
		((task < TASKS)) || die 2 "ARRAY=$ARRAY: with TASKS=$TASKS the tasks are 0 to $((TASKS - 1))"
	done
	choose_slices "$stage"
	((${#work[@]} > 1 && SLICES == 0)) || return 0 # any tasks do all the slices
	missing=$(for ((task = 0; task < TASKS; task++)); do
		{ [ "${OVERWRITE:-}" != yes ] && task_done "$stage" $task; } || grep -qx $task <<<"$chosen" || echo $task
	done | as_list)
	[ -z "$missing" ] || die 2 "ARRAY=$ARRAY leaves tasks undone ($missing), and the stages after $stage need all: name them too, or make $stage ARRAY=$ARRAY alone"
}

# Copies the settings, so that edits after the submission do not reach the jobs that wait.
take_snapshot() {
	local snapshot
	snapshot=$(mktemp -d "$RUN/slurm/settings-XXXXXX")
	chmod 755 "$snapshot"
	cp -p "$CONFIGS"/*.ini "$snapshot" 2>/dev/null || true
	export CONFIGS=$snapshot
	: >"$RUN/slurm/.begun"
	printf 'tasks = %s\npack = %s\n' "$TASKS" "${PACK:-steps}" >"$RUN/slurm/.chain"
}

submitted=()
withdraw() {
	((${#submitted[@]} == 0)) || [ -n "${complete:-}" ] || {
		scancel "${submitted[@]}" || true
		echo "submit: the submission did not finish, so its jobs were cancelled: ${submitted[*]}" >&2
	}
	[ -z "${own_folder:-}" ] || rm -rf "$own_folder"
}

# exported_with OPTION... prints the value of --export for these options of sbatch: the whole environment, because the
# jobs need it, and the variables that the options name.
exported_with() {
	local named
	named=$(sbatch_option export ' ' "$@")
	case ,${named^^}, in
	,, | ,ALL, | ,NONE, | ,NIL,) echo ALL ;;
	*,ALL,*) echo "$named" ;;
	*) echo "ALL,$named" ;;
	esac
}

submit() { # STAGE LIST OPTION...: LIST has the tasks of an array, and is empty for one job
	local stage=$1 list=$2 said number cut=''
	shift 2
	# The last --output counts, and the log must be where this chain looks for it.
	[ -n "$list" ] || set -- "$@" --output="$RUN/slurm/%x-%j.log"
	# These options come last, because the jobs need them, whatever a site's options are.
	said=$(sbatch --parsable "$@" --export="$(exported_with "$@")" --chdir="$(pwd -P)" --job-name="reel3d-$stage" "slurm/$stage.sbatch") ||
		die 1 "sbatch refuses the job $stage (see above). Partition, account and limits are in SITE_OPTIONS and ${stage^^}_OPTIONS of ${SITE_ENV:-slurm/site.env}; its options were: $*"
	# A site's own sbatch may print more, such as a greeting. A wrong number would let `cancel` end another job.
	number=$(LC_ALL=C grep -axE '[1-9][0-9]*(;.*)?' <<<"$said" | cut -d ';' -f 1 | sort -u) || true
	said=${said//[[:cntrl:]]/ }
	[[ $number =~ ^[1-9][0-9]*$ ]] || die 1 "sbatch did not print the number of the job $stage alone, but '${said:0:200}': look whether it is queued (squeue --me), and cancel it"
	if ((${#submitted[@]} == 0)); then
		mv "$RUN/slurm/.chain" "$RUN/slurm/chain"
		mv "$RUN/slurm/.begun" "$begun"
		rm -rf "$RUN/slurm/failures"
		: >"$jobs"
	fi
	submitted+=("$number")
	[ -z "$list" ] || ((SLICES == 0)) || cut=$'\t'$SLICES
	printf '%s\t%s%s%s\n' "$stage" "$number" "${list:+$'\t'$list}" "$cut" >>"$jobs"
	printf '%s\t%s\t%s\n' "$(date +%FT%T)" "$stage" "$number" >>"$RUN/slurm/history.tsv"
}

# Each stage waits for the one before it. Of tasks that share the work any may be killed, because the
# others do its slices. So the stage after them starts however they ended, and looks for their DONE.
submit_chain() {
	local stage options list count few said end=afterok
	for stage in "${work[@]}"; do
		choose_slices "$stage"
		# What failed in an earlier submission may be tried again.
		! is_array "$stage" || rm -f "$RUN/${folder[$stage]}"/leases/*.ended-*
		declare -n own_options=${stage^^}_OPTIONS
		options=("${SITE_OPTIONS[@]}" "${own_options[@]}")
		list='' said=''
		if is_array "$stage"; then
			read -r count few < <(tasks_of_array "$stage")
			list=${ARRAY:-0-$((count - 1))}
			[ -n "${ARRAY:-}" ] || [ -z "$few" ] || said=", TASKS=$count in place of $TASKS ($few: $count)"
			((SLICES == 0)) || said+=", whose tasks share the work"
			options=("${options[@]}" --array="$list" --output="$RUN/slurm/%x-%A_%a.log")
		fi
		((${#submitted[@]} == 0)) || options=(--dependency="$end:${submitted[-1]}" --kill-on-invalid-dep=yes "${options[@]}")
		submit "$stage" "$list" "${options[@]}"
		((SLICES == 0)) && end=afterok || end=afterany
		ARRAY=
		echo "$stage: job ${submitted[-1]}$said"
	done
	# The last job runs also if others fail, and writes how they ended.
	submit end '' --dependency="afterany:$(IFS=: && echo "${submitted[*]}")" "${SITE_OPTIONS[@]}" "${EVALUATE_OPTIONS[@]}"
}

check_request
lock_out_others
refuse_second_chain
find_work
if ((${#work[@]} == 0)); then
	[[ $last != @(evaluate|report) ]] || cat "$RUN/evaluation/table.txt"
	[ "$last" != report ] || printf '\nreport       %s\n' "$RUN/report.html"
	exit
fi
check_setup
for stage in "${work[@]}"; do check_settings "$stage"; done
if [ -n "${ARRAY:-}" ]; then check_array; else leave_out_done; fi
fit_arrays
say_grace
take_snapshot
trap withdraw EXIT
submit_chain
complete=yes
echo "logs: $RUN/slurm/; how far it is: make -f Makefile.workflow status EXP=$EXP"
