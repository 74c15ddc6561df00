# shellcheck shell=bash
# Functions of all Slurm tests, and a temporary cluster of three nodes that ends with the test. The tests source
# this file; ctest sets REEL3D_SOURCE. Without Slurm, the test ends with 77 (skipped).
set -euo pipefail
cd "$REEL3D_SOURCE"

fail() {
	echo "FAILED: $*" >&2
	rm -f "$work/ended"
	exit 1
}

for program in slurmctld slurmd sbatch munged; do
	PATH=$PATH:/usr/sbin command -v $program >/dev/null || {
		echo "skipped: $program is not here (setup/install.sh --slurm installs it)"
		exit 77
	}
done

work=$(mktemp -d /tmp/r3d-XXXXXX) # a short path, because it holds sockets
chmod 755 "$work"
cluster=$work/cluster
harness=tests/slurm/local_slurm.sh

# A command that ends the test without a word of its own is named. The trap also sees commands in a $(...) whose
# failure the caller handles, so the last one is only noted.
set -E
trap 'echo "FAILED: line $LINENO: $BASH_COMMAND ended with status $?" >"$work/ended"' ERR

clean_up() {
	local status=$?
	trap - ERR
	if [ "$status" != 0 ] && [ "$status" != 77 ]; then
		cat "$work/ended" >&2 2>/dev/null || true
		tail -n 40 "$work"/*/slurm/*.log >&2 || true
	fi
	$harness stop "$cluster" >/dev/null 2>&1 || true
	rm -rf "$work"
	exit "$status"
}
trap clean_up EXIT

# ctest may run in a Slurm job or under make, whose variables must not reach the tests.
unset MAKEFLAGS MFLAGS MAKELEVEL
while read -r name; do unset "$name"; done < <(compgen -e | grep -E '^(SLURM|SBATCH)_' || true)
# A test may set slurm_lines, which are added to slurm.conf.
echo "${slurm_lines:-}" >"$work/lines"
eval "$($harness start "$cluster" -n 3 -x "$work/lines")"

# job_of RUN STAGE: prints the job number of the stage.
job_of() { awk -v stage="$2" '$1 == stage {print $2}' "$1/slurm/jobs.tsv"; }

# await_job RUN STAGE SECONDS: waits until the job has ended, and prints its state and exit status.
await_job() { $harness wait "$cluster" "$(job_of "$1" "$2")" "$3" || true; }

# await_lines FILE TEXT N: waits until FILE has N lines with TEXT.
await_lines() {
	local tries seen
	for ((tries = 0; tries < 900; tries++)); do
		seen=$(grep -cs "$2" "$1") || true
		((${seen:-0} < $3)) || return 0
		sleep 0.1
	done
	fail "'$2' did not appear $3 times in $1: $(cat "$1" 2>&1)"
}

workflow() { make -f Makefile.workflow BUILD=no "$@"; }

# link_stubs fills BIN with stand-ins for the tools (stub_tool.sh).
link_stubs() {
	local tool
	for tool in list-videos prep-videos pack-shards train-r3d score-videos measure-videos evaluate-scores explain-mistakes report-run; do
		ln -s "$PWD/tests/slurm/stub_tool.sh" "$BIN/$tool"
	done
	ln -s "$REEL3D_BIN/run-ranks" "$BIN/run-ranks"
}
start_over() {
	local tries
	# A job that still runs, such as the one that writes the end, would write into the folder meanwhile.
	scancel --user="$(id -un)" 2>/dev/null || true
	for ((tries = 0; tries < 600; tries++)); do
		[ -n "$(squeue --noheader --format=%i 2>/dev/null)" ] || break
		sleep 0.1
	done
	rm -rf "$RUN"
	mkdir -p "$RUN"
	touch "$RUN/videos.tsv"
}
count() { grep -c "$1" "$RUN/seen" || true; }
expect() { # TEXT TIMES: fails unless the stand-ins recorded TEXT in this number of lines
	[ "$(count "$1")" = "$2" ] || {
		cat "$RUN/seen" >&2
		fail "'$1' was seen $(count "$1") times instead of $2"
	}
}
