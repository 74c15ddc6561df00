#!/usr/bin/env bash
# Runs the stages with EXEC=parallel on hosts that a stand-in for ssh simulates, with stand-ins for the tools.
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
for tool in list-videos prep-videos pack-shards train-r3d score-videos evaluate-scores; do
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
unset SHELL # as in cron and containers
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
run 2 prep HOSTS=a
grep -q 'EXEC=parallel: the hosts share the work, so give SLICES=N' "$work/said" || fail "no reason"
run 2 prep HOSTS=a SLICES=10 OVERWRITE=yes
run 2 prep SLICES=10
grep -q 'say which hosts: HOSTS=' "$work/said" || fail "no reason"

echo "== each host once, of which one is this machine"
run 0 evaluate HOSTS=a,b,: SLICES=10
for tool in prep-videos score-videos; do
	[ "$(seen $tool a) $(seen $tool b) $(seen $tool none)" = '1 1 1' ] || fail "$tool ran elsewhere"
done
[ "$(grep -c '^train-r3d ' "$RUN/seen") $(seen train-r3d none)" = '1 1' ] || fail "training ran elsewhere"
grep -q -e '--share-work 10 ' "$RUN/seen" || fail "no shared work"
[ -e "$RUN/evaluation/DONE" ] || fail "not finished"

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
echo "all passed"
