# shellcheck shell=bash
# Has the functions that all jobs share; each *.sbatch sources it in the folder of its submission.
#
# A node that cannot launch a job may still end it as COMPLETED 0:0, and then Slurm releases the
# jobs that wait for it. So no job trusts the job before it. It looks for the file that proves the
# stage before it, and at the end for its own.
set -euo pipefail

# shellcheck source=slurm/site.env
. "${SITE_ENV:-slurm/site.env}"
site_setup

# An array may hold only those tasks that a stage listed to be run again.
if [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then
	export SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_COUNT="$TASKS"
fi

# await_file FILE waits for the file: on network file systems other nodes see a new file late.
await_file() {
	local tries
	for ((tries = 0; tries < 60; tries++)); do
		[ ! -e "$1" ] || return 0
		sleep 1
	done
	echo "$SLURM_JOB_NAME: $1 is not there: that stage did not finish" >&2
	return 1
}

# make_stage STAGE [NAME=VALUE...] makes the same target as on one machine, with the built tools.
make_stage() {
	make -f Makefile.workflow EXEC=local BUILD=no LIST=no "$@"
}

# await_proof FOLDER waits for the file that this job, or its task of an array, writes last.
await_proof() {
	local proof=$1/DONE
	if ((${SLURM_ARRAY_TASK_COUNT:-1} > 1)) && [ ! -e "$proof" ]; then
		proof=$(printf '%s/tasks/%04d-of-%04d/DONE' "$1" \
			$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN)) "$SLURM_ARRAY_TASK_COUNT")
	fi
	await_file "$proof"
}
