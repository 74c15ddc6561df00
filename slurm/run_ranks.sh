#!/usr/bin/env bash
# run_ranks.sh COMMAND... runs the command as the MPI ranks of this job, and writes its exit status
# to the file $RANKS_STATUS. Signals for the ranks go to the process whose number is in
# $RANKS_STATUS.pid.
set -euo pipefail

set +u # as in job.sh
# shellcheck source=slurm/site.env
. "${SITE_ENV:-slurm/site.env}"
set -u

# Since Slurm 22.05 srun does not inherit this setting from the job.
export SRUN_CPUS_PER_TASK=${SLURM_CPUS_PER_TASK:-1}
echo $$ >"$RANKS_STATUS.pid"
exec "${BIN:-build/bin}/run-ranks" --status-file="$RANKS_STATUS" "${RANKS_LAUNCHER[@]}" slurm/rank.sh "$@"
