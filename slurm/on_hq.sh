#!/usr/bin/env bash
# on_hq.sh DONE COMMAND...: runs the command as TASKS tasks of one HyperQueue job, and waits for it.
# `make -f Makefile.workflow EXEC=hq` calls it. A server and workers must be running, and see this folder.
# It was only tried with a stand-in for hq.
set -euo pipefail
# shellcheck source=slurm/others.sh
. "$(dirname "$0")/others.sh"
done_file=$1
shift
command -v hq >/dev/null || die 4 "HyperQueue is not here: its command hq must be in PATH"
hq server info >/dev/null 2>&1 || die 4 "no HyperQueue server answers: start one (hq server start) and workers (hq worker start, or hq alloc add)"
[[ ${TASKS:-4} =~ ^[1-9][0-9]{0,4}$ ]] || die 2 "TASKS=$TASKS: a number from 1"

folder=$(dirname "$done_file")
logs=$(dirname "$folder")/hq
mkdir -p "$logs"
note_start "$done_file"
log="$(realpath "$logs")/$(basename "$folder")-%{JOB_ID}-%{TASK_ID}.log"
status=0
# A task without a number of threads uses all cores of its worker.
hq submit --wait --name "reel3d-$(basename "$folder")" --array "1-${TASKS:-4}" --cpus "${THREADS:-all}" --cwd "$PWD" \
	--stdout "$log" --stderr "$log" -- "$@" || status=$?
((status > 0)) || exit 0
say_failed tasks "$logs"
