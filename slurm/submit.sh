#!/usr/bin/env bash
# Submits the stages of an experiment as jobs, each waiting for the one before it.
#
#   slurm/submit.sh [prep|pack|train|score|evaluate]     up to this stage; all of them by default
#
# `make -f Makefile.workflow evaluate EXEC=slurm` calls it with the experiment in EXP, RUN, BIN,
# VIDEOS, TASKS, THREADS and OVERWRITE. A stage that is done and up to date is skipped. ARRAY=1,5-7
# runs only these tasks of the first stage that is not done. Prints the job numbers and returns;
# logs go to $RUN/slurm.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${EXP:=demo}"
: "${RUN:=run/$EXP}"
: "${TASKS:=4}"
export EXP RUN TASKS
last=${1:-evaluate}

# shellcheck source=slurm/site.env
. "${SITE_ENV:-slurm/site.env}"
declare -A folder=([prep]=prepared [pack]=shards [train]=train [score]=scores [evaluate]=evaluation)

die() {
	echo "submit: $2" >&2
	exit "$1"
}

[ -n "${folder[$last]:-}" ] || die 2 "no stage is called '$last'; there are prep, pack, train, score and evaluate"
[[ $TASKS =~ ^[1-9][0-9]{0,4}$ ]] || die 2 "TASKS=$TASKS: a number from 1"
command -v sbatch >/dev/null || die 4 "sbatch is not here: run this on a login node of the cluster"
[ -e "$RUN/videos.tsv" ] || die 3 "$RUN/videos.tsv is missing: make -f Makefile.workflow list EXP=$EXP VIDEOS=DIR"

# The environment holds make's variables; its own flags must not reach the makes of the jobs.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

mkdir -p "$RUN/slurm"
jobs=$RUN/slurm/jobs.tsv
if [ -e "$jobs" ]; then
	before=$(cut -f 2 "$jobs" | paste -sd,)
	# numbers that Slurm has forgotten make squeue fail
	queued=$(squeue --noheader --jobs="$before" --format=%i 2>/dev/null | paste -sd,) || true
	[ -z "$queued" ] || die 1 "jobs of $RUN are still queued or running ($queued): wait, or scancel $queued"
fi
: >"$jobs"

is_done() { # STAGE
	make -q -f Makefile.workflow EXEC=local BUILD=no LIST=no "$RUN/${folder[$1]}/DONE" >/dev/null 2>&1
}

previous=
for stage in prep pack train score evaluate; do
	if [ -z "$previous" ] && is_done "$stage"; then
		echo "$stage: done before"
	else
		declare -n own_options=${stage^^}_OPTIONS
		options=(--parsable --export=ALL --output="$RUN/slurm/%x-%j.log")
		case $stage in
		prep | score) options+=(--array="${ARRAY:-0-$((TASKS - 1))}" --output="$RUN/slurm/%x-%A_%a.log") ;;
		esac
		[ -z "$previous" ] || options+=(--dependency="afterok:$previous" --kill-on-invalid-dep=yes)
		previous=$(sbatch "${options[@]}" "${SITE_OPTIONS[@]}" "${own_options[@]}" "slurm/$stage.sbatch")
		previous=${previous%%;*}
		ARRAY=
		printf '%s\t%s\n' "$stage" "$previous" >>"$jobs"
		echo "$stage: job $previous"
	fi
	[ "$stage" != "$last" ] || break
done
echo "logs: $RUN/slurm/"
