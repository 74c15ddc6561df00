# shellcheck shell=bash disable=SC2034
# Has what submit.sh, status.sh, cancel.sh and the job at the end share: the stages of a chain, and
# what Slurm knows of its jobs. They source it in the project's folder.
set -euo pipefail

: "${EXP:=demo}"
: "${RUN:=run/$EXP}"
: "${TASKS:=4}"
: "${BIN:=build/bin}"
: "${CONFIGS:=configs/$EXP}"
export EXP RUN TASKS BIN CONFIGS

stages=(prep pack train score evaluate)
declare -A folder=([prep]=prepared [pack]=shards [train]=train [score]=scores [evaluate]=evaluation)
declare -A tool=([prep]=prep-videos [pack]=pack-shards [train]=train-r3d [score]=score-videos
	[evaluate]=evaluate-scores)
# jobs.tsv: stage and job of the newest submission. Its first job replaces the file, so a submission
# of which nothing was queued loses nothing; history.tsv keeps all, with their times.
jobs=$RUN/slurm/jobs.tsv
# The file's time is that of the newest submission, on the clock of the file system.
begun=$RUN/slurm/begun

die() {
	echo "$(basename "$0"): $2" >&2
	exit "$1"
}

is_array() { [ "$1" = prep ] || [ "$1" = score ]; }

# task_done STAGE TASK says whether this task of an array has left its proof.
task_done() { [ -e "$(printf '%s/%s/tasks/%04d-of-%04d/DONE' "$RUN" "${folder[$1]}" "$2" "$TASKS")" ]; }

# made_by_chain STAGE says whether the newest submission has finished the stage; what an earlier one
# finished may be out of date.
made_by_chain() { [ "$RUN/${folder[$1]}/DONE" -nt "$begun" ]; }

# queued_jobs NUMBER,... prints "NUMBER STATE" of each of these jobs, and of each task of an array,
# that Slurm has not ended. Slurm answers for a number that it has forgotten with an error of its
# own; any other error means that nobody knows.
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
