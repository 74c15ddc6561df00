#!/usr/bin/env bash
# run_ranks.sh COMMAND...: runs the command as the MPI ranks of this job, and leaves its exit status
# in the file $RANKS_STATUS. The process in $RANKS_STATUS.pid takes the signals that are for the ranks.
set -euo pipefail

# shellcheck source=slurm/site.env
. "${SITE_ENV:-slurm/site.env}"

# srun does not take this over from the job by itself (since Slurm 22.05).
export SRUN_CPUS_PER_TASK=${SLURM_CPUS_PER_TASK:-1}
echo $$ >"$RANKS_STATUS.pid"
exec "${BIN:-build/bin}/run-ranks" --status-file="$RANKS_STATUS" "${RANKS_LAUNCHER[@]}" "$@"
