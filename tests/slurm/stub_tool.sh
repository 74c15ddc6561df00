#!/usr/bin/env bash
# Stands in for every tool of the pipeline, so that the jobs themselves can be tested in seconds:
# called by a tool's name, writes DONE into its last argument as the tool does (report-run the page, explain-mistakes
# heat.json, measure-videos its table), and a line of what it saw into $RUN/seen. Files in $RUN command it:
#   fail-TOOL   exit with status 3
#   hold-TOOL   holds a number: starts that were restarted fewer times than that go on only when
#               USR1 or TERM comes, and then exit with 75
#   die-TOOL    holds a status: the first start ends with it when USR1 comes
#   deaf-TOOL   as hold-TOOL, but these starts die by USR1, as a tool that is still loading
set -euo pipefail
# A shell cannot trap a signal that it was started to ignore; the tools can.
[ -n "${REEL3D_STUB:-}" ] || REEL3D_STUB=yes exec env --default-signal=USR1 "$0" "$@"
tool=$(basename "$0")
[ "$tool" != list-videos ] || exit 0 # called by every make; the test's own list stands there
case " $* " in *' --print-config '*)
	if ! grep -qs '^wrong' "${2:-/dev/null}"; then
		# The settings that submit.sh reads.
		sed -n "s/^$tool //p" <<<$'pack-videos group-videos = 1000\nscore-videos videos-per-part = 256\nscore-videos subset = validation'
		exit
	fi
	echo "$tool: $2: wrong: no such option" >&2 && exit 2
	;;
esac
out=${*: -1}
case $tool in report-run | measure-videos) out=$(dirname "$out") ;; esac
mkdir -p "$out"
task=${SLURM_ARRAY_TASK_ID:-0}
tasks=${SLURM_ARRAY_TASK_COUNT:-1}

echo "$tool task $task of $tasks rank ${SLURM_PROCID:-0} of ${SLURM_NTASKS:-1} restart ${SLURM_RESTART_COUNT:-0}" \
	"on ${SLURMD_NODENAME:-none}: $*" >>"$RUN/seen"
[ "$tool" != train-r3d ] || touch "$out/config.ini"
[ ! -e "$RUN/fail-$tool" ] || { echo "$tool: the item $task is torn" >&2 && exit 3; }
restart=${SLURM_RESTART_COUNT:-0}
if [ -e "$RUN/deaf-$tool" ] && ((restart < $(<"$RUN/deaf-$tool"))); then
	# All ranks do so. Until then srun, which ends the others when the first is dead, is not heard.
	trap '' TERM
	for ((i = 0; i < 300; i++)); do
		(($(grep -c "^$tool .* restart $restart " "$RUN/seen") < ${SLURM_NTASKS:-1})) || kill -USR1 $$
		sleep 0.1
	done
	exit 1
fi
if [ -e "$RUN/die-$tool" ] && ((restart == 0)); then
	# shellcheck disable=SC2064 # the status now
	trap "exit $(<"$RUN/die-$tool")" USR1 TERM
	echo "$tool holds" >>"$RUN/seen"
	for ((i = 0; i < 600; i++)); do sleep 0.1 || true; done # srun signals it too, perhaps before this shell
	exit 1
fi
if [ -e "$RUN/hold-$tool" ] && ((restart < $(<"$RUN/hold-$tool"))); then
	for signal in USR1 TERM; do
		# The second signal, srun's when the other rank has ended, must not give a second line.
		# shellcheck disable=SC2064 # the signal's name now, the rest when it comes
		trap "trap '' USR1 TERM; echo '$tool rank ${SLURM_PROCID:-0} got $signal' >>'$RUN/seen'; exit 75" $signal
	done
	echo "$tool holds" >>"$RUN/seen"
	for ((i = 0; i < 600; i++)); do sleep 0.1 || true; done # srun signals it too, perhaps before this shell
	exit 1
fi

if ((tasks > 1)); then
	name() { printf '%s/tasks/%04d-of-%04d/DONE' "$out" "$1" "$tasks"; }
	mkdir -p "$(dirname "$(name "$task")")"
	# As the tools do: a task that did other work before does not count.
	echo "$*" >"$(name "$task")"
	for ((i = 0; i < tasks; i++)); do
		[ "$(cat "$(name $i)" 2>/dev/null)" = "$*" ] || exit 0
	done
fi
[ "$tool" != evaluate-scores ] || echo "the table" >"$out/table.txt"
case $tool in
report-run) echo "the page" >"${*: -1}" ;;
measure-videos) : >"${*: -1}" ;;
explain-mistakes) echo '{}' >"$out/heat.json" ;;
*) touch "$out/DONE" ;;
esac
