#!/usr/bin/env bash
# Runs the stages with EXEC=parallel on hosts that a stand-in for ssh simulates, and with EXEC=hq by a stand-in for
# HyperQueue, with stand-ins for the tools.
# Status 77: GNU parallel is not installed.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v parallel >/dev/null || {
	echo "skipped: GNU parallel is not here (setup/install.sh --tests installs it)"
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export RUN=$work/run CONFIGS=$work/configs BIN=$work/bin EXP=fake VIDEOS=$work/videos HOME=$work LAUNCH=env
mkdir -p "$RUN" "$BIN" "$CONFIGS"
touch "$RUN/videos.tsv"
for tool in list-videos prep-videos pack-shards train-r3d score-videos measure-videos evaluate-scores; do
	ln -s "$PWD/tests/slurm/stub_tool.sh" "$BIN/$tool"
done
# The hosts dead and gone cannot be reached.
cat >"$work/ssh" <<'END'
#!/usr/bin/env bash
while [[ $1 == -* ]]; do shift; done
host=$1
shift
[ "$1" != -- ] || shift
[[ ! $host =~ ^(dead|gone)$ ]] || { echo "ssh: connect to host $host: No route to host" >&2 && exit 255; }
SLURMD_NODENAME=$host exec sh -c "$*"
END
chmod +x "$work/ssh"
export PARALLEL_SSH=$work/ssh
unset SHELL # as under cron or in a container
fail() {
	echo "FAILED: $*"
	cat "$work/said" "$RUN/seen" 2>/dev/null || true
	exit 1
}
run() { # STATUS TARGET NAME=VALUE...: makes the target, and expects the status
	local wanted=$1 status=0
	shift
	make -f Makefile.workflow BUILD=no EXEC=parallel "$@" >"$work/said" 2>&1 || status=$?
	[ "$status" = "$wanted" ] || fail "status $status instead of $wanted: $*"
}
seen() { grep -c "^$1 .* on $2: " "$RUN/seen" || true; } # TOOL HOST

echo "== refused"
run 2 prep HOSTS=a SLICES=0
grep -q 'EXEC=parallel: the hosts share the work, so leave out SLICES=0 and OVERWRITE=yes' "$work/said" || fail "no reason"
run 2 prep HOSTS=a OVERWRITE=yes
run 2 prep
grep -q 'say which hosts: HOSTS=' "$work/said" || fail "no reason"

echo "== each host once, of which one is this machine"
printf ' subset=testing # of the paper\n' >"$CONFIGS/score.ini"
run 0 evaluate HOSTS=a,b,: SLICES=10
for tool in prep-videos score-videos; do
	[ "$(seen $tool a) $(seen $tool b) $(seen $tool none)" = '1 1 1' ] || fail "$tool ran elsewhere"
done
[ "$(grep -c '^train-r3d ' "$RUN/seen") $(seen train-r3d none)" = '1 1' ] || fail "training ran elsewhere"
grep -q -e '--share-work 10 ' "$RUN/seen" || fail "no shared work"
grep -q '^measure-videos .* --subset testing ' "$RUN/seen" || fail "not the scored videos are measured"
[ -e "$RUN/evaluation/DONE" ] || fail "not finished"

echo "== as many slices as suit the hosts"
rm -rf "$RUN"/{seen,prepared}
run 0 prep HOSTS=a,b,:
grep -q -e '^prep-videos .* --share-work 48 ' "$RUN/seen" || fail "$(cat "$RUN/seen")"

echo "== a host that cannot be reached"
rm -rf "$RUN"/{seen,prepared}
run 0 prep HOSTS=a,dead SLICES=10
grep -q '1 of the hosts failed (see above), and the others did all the work' "$work/said" || fail "not said"
grep -q 'No route to host' "$work/said" || fail "no reason"

echo "== no host that can be reached"
touch "$RUN/videos.tsv"
run 2 prep HOSTS=gone,dead SLICES=10
grep -q '2 of the hosts failed, and the stage is not finished' "$work/said" || fail "not said"
[ -z "$(find "$RUN" -name '.on-hosts-*')" ] || fail "a file is left"
echo "== tasks of HyperQueue"
cat >"$work/hq" <<'END'
#!/usr/bin/env bash
# Runs the tasks one after the other. Task 2 fails if the file broken exists, and all do without a server.
[ ! -e "$(dirname "$0")/down" ] || exit 1
[ "$1 $2" != 'server info' ] || exit 0
echo "hq $*" >>"$RUN/asked"
last=$(grep -o 'array 1-[0-9]*' <<<"$*" | grep -o '[0-9]*$')
while [ "$1" != -- ]; do shift; done
shift
status=0
for ((task = 1; task <= last; task++)); do
	{ [ $task = 2 ] && [ -e "$(dirname "$0")/broken" ]; } || SLURMD_NODENAME=hq$task "$@" || status=1
	((task != 2)) || [ ! -e "$(dirname "$0")/broken" ] || status=1
done
exit $status
END
chmod +x "$work/hq"
rm -rf "$RUN"/{seen,prepared,shards,train,scores,evaluation}
run 2 prep EXEC=hq SLICES=0
grep -q 'EXEC=hq: the hosts share the work, so leave out SLICES=0' "$work/said" || fail "no reason"
run 2 prep EXEC=hq SLICES=10 PATH=/usr/bin:/bin
grep -q 'HyperQueue is not here' "$work/said" || fail "no reason"
PATH=$work:$PATH
touch "$work/down"
run 2 prep EXEC=hq SLICES=10
grep -q 'no HyperQueue server answers: start one (hq server start)' "$work/said" || fail "no reason"
rm "$work/down"
run 0 evaluate EXEC=hq SLICES=10 TASKS=3 THREADS=2
for tool in prep-videos score-videos; do
	[ "$(seen $tool hq1) $(seen $tool hq2) $(seen $tool hq3)" = '1 1 1' ] || fail "$tool ran elsewhere"
done
[ "$(seen train-r3d none) $(grep -c '^train-r3d ' "$RUN/seen")" = '1 1' ] || fail "training ran elsewhere"
grep -q -e "hq submit --wait --name reel3d-prepared --array 1-3 --cpus 2 --cwd $PWD .* --share-work 10 " "$RUN/asked" || fail "$(cat "$RUN/asked")"
touch "$work/broken"
rm -rf "$RUN"/prepared
run 0 prep EXEC=hq TASKS=3
grep -q -e 'hq submit .* --share-work 48 ' "$RUN/asked" || fail "$(cat "$RUN/asked")"
grep -q 'tasks failed (see .*/hq), and the others did all the work' "$work/said" || fail "not said"
touch "$RUN/videos.tsv" "$RUN/fail-prep-videos"
run 2 prep EXEC=hq SLICES=10 TASKS=3
grep -q 'tasks failed, and the stage is not finished' "$work/said" || fail "not said"
[ -z "$(find "$RUN" -name '.on-hq-*')" ] || fail "a file is left"
echo "all passed"
