#!/usr/bin/env bash
# on_hq.sh DONE COMMAND...: runs the command as TASKS tasks of one HyperQueue job, and waits for it. The tasks share
# the work of a stage, which writes the file DONE last. So a task that fails does no harm if the others finish the
# stage. `make -f Makefile.workflow EXEC=hq` calls it. A server and workers must be running, and see this folder.
# It was only tried with a stand-in for hq.
set -euo pipefail
finished=$1
shift
die() {
	echo "$(basename "$0"): $2" >&2
	exit "$1"
}
command -v hq >/dev/null || die 4 "HyperQueue is not here: its command hq must be in PATH"
hq server info >/dev/null 2>&1 || die 4 "no HyperQueue server answers: start one (hq server start) and workers (hq worker start, or hq alloc add)"
[[ ${TASKS:-4} =~ ^[1-9][0-9]{0,4}$ ]] || die 2 "TASKS=$TASKS: a number from 1"

folder=$(dirname "$finished")
logs=$(dirname "$folder")/hq
mkdir -p "$folder" "$logs"
# Its time is that of the start, on the file system's clock.
begun=$(mktemp "$folder/.on-hq-XXXXXX")
trap 'rm -f "$begun"' EXIT
log="$(realpath "$logs")/$(basename "$folder")-%{JOB_ID}-%{TASK_ID}.log"
status=0
# A task without a number of threads uses all cores of its worker.
hq submit --wait --name "reel3d-$(basename "$folder")" --array "1-${TASKS:-4}" --cpus "${THREADS:-all}" --cwd "$PWD" \
	--stdout "$log" --stderr "$log" -- "$@" || status=$?
((status > 0)) || exit 0
[ "$finished" -nt "$begun" ] || die 1 "tasks failed, and the stage is not finished: see $logs; the same command goes on"
echo "$(basename "$0"): tasks failed (see $logs), and the others did all the work" >&2
