#!/usr/bin/env bash
# Cancels the jobs of an experiment's newest submission. `make -f Makefile.workflow cancel EXP=NAME`
# calls it. Finished work stays, and the same submission command continues from there.
cd "$(dirname "$0")/.." || exit
# shellcheck source=slurm/chain.sh
. slurm/chain.sh

numbers=$(jobs_of '.*')
queued=$([ -z "$numbers" ] || queued_jobs "$numbers")
if [ -z "$queued" ]; then
	echo "no job of $RUN is queued or running"
	exit
fi
numbers=$(cut -d ' ' -f 1 <<<"$queued" | sort -u | paste -sd ' ')
# shellcheck disable=SC2086 # several numbers
scancel $numbers
echo "cancelled by ${USER:-somebody} on $(date '+%F %T')" >"$RUN/slurm/end.txt"
echo "cancelled: $numbers"
