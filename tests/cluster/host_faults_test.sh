#!/usr/bin/env bash
# host_faults_test.sh FAULTY_HOST: runs check-cluster by mpirun on three hosts of two ranks, plants a fault in
# one host at a time, and expects that the tool names fault and host, and nothing else. FAULTY_HOST is the
# library of faulty_host.cc. Status 77: there are no hosts here (simulated_hosts.sh).
set -euo pipefail
library=$1
hosts=(h1 h2 h3)
# shellcheck source=tests/cluster/simulated_hosts.sh
. "$(dirname "$0")/simulated_hosts.sh"

group=/sys/fs/cgroup/cpu/r3d-$(basename "$work")
clean_up_more() { rmdir "$group" 2>/dev/null || true; }
folder=$work/shared
mkdir "$folder"

check() { # OPTION...: checks the three hosts, into $work/said
	local status=0
	timeout -k 5 "${LIMIT_S:-120}" mpirun "${to_hosts[@]}" --host h1:2,h2:1,h3:2 \
		"$REEL3D_BIN/check-cluster" --gradient-floats 100000 --ranks 5 --threads 1 --folder "$folder" "$@" \
		>"$work/said" 2>&1 || status=$?
	echo "$status" >"$work/status"
	rm -f "$work"/environment-*
}
# expect STATUS [VERDICT CHECK WORDS]...: these checks alone found something, with these words. If the machine
# has much other work, a pair of ranks may be slow at any time, and is passed over here.
expect() {
	local found wanted=$(((${#} - 1) / 3))
	[ "$(<"$work/status")" = "$1" ] || fail "status $(<"$work/status"): $(cat "$work/said")"
	shift
	found=$(grep -E '^(WARN|FAIL) ' "$work/said" || true)
	[[ $* == *slow-pair* ]] || found=$(grep -v '^WARN *slow-pair ' <<<"$found" || true)
	[ "$(grep -c . <<<"$found")" = "$wanted" ] || fail "not $wanted alarms: $(cat "$work/said")"
	while (($# > 0)); do
		grep -qE "^$1 +$2 +.*$3" <<<"$found" || fail "wanted $1 of $2 with '$3': $(cat "$work/said")"
		shift 3
	done
	grep -E '^(WARN|FAIL)|to do:' "$work/said" || true
}
plant() { # VARIABLE=VALUE...: the ranks of h3 load faulty_host.cc with these variables
	echo "export LD_PRELOAD=$library $*" >>"$work/environment-h3"
}

echo "== no fault"
check
grep -q "5 ranks on 3 hosts" "$work/said" || unavailable "mpirun does not work over these namespaces: $(cat "$work/said")"
expect 0

echo "== another library, a clock that is a minute behind, a small /dev/shm"
plant FAULTY_LIBRARY=1 FAULTY_CLOCK_S=60
on h3 mount -o remount,size=40m /dev/shm
check
expect 4 FAIL versions 'ranks 3 \(h3\), 4 \(h3\): Open MPI 9.9.9; the others have Open MPI' \
	WARN clock 'the clock of ranks 3 \(h3\), 4 \(h3\) is 60.0 s behind' \
	WARN limits 'h3: /dev/shm has [0-9]+ MB free, 2 ranks need 64'
on h3 mount -o remount,size=50% /dev/shm

echo "== a flipped bit, a slow disk"
plant FAULTY_STEP=1 FAULTY_DISK_S=2.5
check
expect 4 FAIL same-step 'ranks 3 \(h3\), 4 \(h3\) computed other gradients' \
	WARN folder 'ranks 3 \(h3\), 4 \(h3\) took'
[ "$(grep -c 'exclude=h3' "$work/said")" = 2 ] || fail "no advice: $(cat "$work/said")"

echo "== a scratch folder that cannot be written"
on h3 mount --bind "$folder" "$folder"
on h3 mount -o remount,bind,ro "$folder"
check
expect 4 FAIL folder 'ranks 3 \(h3\), 4 \(h3\): .*[Rr]ead-only'
on h3 umount "$folder"

echo "== files that show after five seconds"
on h3 mount -t tmpfs tmpfs "$folder"
{
	until [ -e "$folder/.check-cluster-visible" ]; do sleep 0.05; done
	sleep 5
	on h3 umount --lazy "$folder"
} &
shower=$!
check
wait $shower
expect 0 WARN visible 'a new file of rank 0 was seen after [5-9].* s by ranks 3 \(h3\), 4 \(h3\)'

echo "== a control group of one core"
if (($(nproc --all) > 1)) && mkdir "$group" 2>"$work/said" && echo 100000 2>"$work/said" >"$group/cpu.cfs_quota_us"; then
	echo "echo \$\$ >$group/cgroup.procs" >"$work/environment-h3"
	check
	expect 0 WARN cores 'h3: 2 ranks with 2 threads may use 1 of'
else
	echo "not tried: it needs root, control groups of version 1 and two cores ($(cat "$work/said"))"
fi

echo "== a slow link"
if on h3 tc qdisc add dev eth0 root tbf rate 200mbit burst 64kb latency 400ms 2>"$work/said"; then
	check
	expect 0 WARN slow-pair 'rank [0-2] \(h[12]\) and rank [34] \(h3\) took'
	grep -q 'submit with --exclude=h3' "$work/said" || fail "no advice: $(cat "$work/said")"
	on h3 tc qdisc delete dev eth0 root
else
	echo "not tried: this kernel has no token bucket filter ($(cat "$work/said"))"
fi

echo "== a link that is cut during a check"
on h3 mount -t tmpfs tmpfs "$folder" # h3 waits for the file, so that there is time
{
	until [ -e "$folder/.check-cluster-visible" ]; do sleep 0.05; done
	ip link set to-h3 down
} &
cutter=$!
LIMIT_S=75 check --timeout-s 40 # mpirun itself does not notice that h3 is gone
wait $cutter
grep -q 'the check "[a-z-]*" has not ended after --timeout-s 40' "$work/said" || fail "not named: $(cat "$work/said")"
[ "$(<"$work/status")" != 0 ] || fail "status 0: $(cat "$work/said")"
echo "all passed"
