#!/usr/bin/env bash
# Trains by `mpirun --hostfile` on two hosts: the weights are those of two ranks on one host. When the link
# between the hosts is cut, the training ends by itself and says why: by mpirun, or within --stall-timeout.
# Status 77: there are no hosts here (simulated_hosts.sh).
set -euo pipefail
hosts=(h1 h2)
# shellcheck source=tests/cluster/simulated_hosts.sh
. "$(dirname "$0")/simulated_hosts.sh"
cd "$REEL3D_SOURCE"

mkdir "$work/configs"
echo 'height = 48' >"$work/configs/prep.ini"
cat tests/small_train.ini - >"$work/configs/train.ini" <<-END
	epochs = 2
	schedule = constant
	lr = 0.01
	stall-timeout = 20
END
workflow() { # NAME=VALUE...: makes the training of run/mine, into $work/said
	make -f Makefile.workflow train EXP=mine BUILD=no BIN="$REEL3D_BIN" CONFIGS="$work/configs" VIDEOS="$work/videos" "$@" >"$work/said" 2>&1
}
printf '%s slots=1\n' "${hosts[@]}" >"$work/hosts"
over_hosts="$REEL3D_BIN/run-ranks mpirun ${to_hosts[*]} --hostfile $work/hosts"
"$REEL3D_BIN/make-demo-videos" --videos-per-class 1 "$work/videos" >/dev/null

echo "== two hosts give the weights of two ranks on one host"
workflow RUN="$work/one" RANKS=2 || fail "$(cat "$work/said")"
! grep 'gradients travel' "$work/said" || fail "a network on one host"
mkdir "$work/two"
cp -a "$work"/one/{videos.tsv,prepared,shards} "$work/two"
workflow RUN="$work/two" LAUNCH="$over_hosts" || fail "$(cat "$work/said")"
grep 'gradients travel between 2 hosts by MPI' "$work/said" || fail "the network is not named: $(cat "$work/said")"
grep -qx 'ranks = 2' "$work/two/train/DONE" || fail "other ranks: $(cat "$work/two/train/DONE")"
cmp "$work"/{one,two}/train/metrics.jsonl
cmp "$work"/{one,two}/train/checkpoints/latest/model.safetensors

# cut_link SECONDS NAME=VALUE...: trains with these variables, cuts the link to h2 after the first epoch, and expects
# that the training ends by itself, as failed, into $work/said. It prints how long that took.
cut_link() {
	local cutter most=$1 status=0
	shift
	rm -rf "$work/two/train" "$work/cut"
	{
		until [ -e "$work/two/train/checkpoints/latest" ]; do sleep 0.05; done
		date +%s >"$work/cut"
		ip link set to-h2 down
	} &
	cutter=$!
	# shellcheck disable=SC2086 # words of a command
	env "$@" timeout -k 5 "$most" $over_hosts "$REEL3D_BIN/train-r3d" --config "$work/configs/train.ini" --epochs 100000 \
		"$work/two/shards" "$work/two/train" >"$work/said" 2>&1 || status=$?
	kill $cutter 2>/dev/null || true # it waits for ever if there was no epoch
	wait $cutter || true
	[ -e "$work/cut" ] || fail "status $status before the link was cut: $(cat "$work/said")"
	((status != 0 && status != 124 && status != 137)) || fail "status $status: $(cat "$work/said")"
	echo "status $status, $(($(date +%s) - $(<"$work/cut"))) s after the cut"
	ip link set to-h2 up
}

echo "== a link that is cut in training: mpirun notices it"
cut_link 120 OMPI_MCA_oob_tcp_keepalive_time=5 OMPI_MCA_oob_tcp_keepalive_intvl=2 OMPI_MCA_oob_tcp_keepalive_probes=3
grep -A 4 'lost communication with a remote daemon' "$work/said" | grep 'on node h2' || fail "not named: $(cat "$work/said")"
! pgrep -f "$work/two/train" >/dev/null || sleep 15
! pgrep -fl "$work/two/train" || fail "ranks are left"
status=0
# shellcheck disable=SC2086 # words of a command
$over_hosts "$REEL3D_BIN/train-r3d" --config "$work/configs/train.ini" --epochs 100000 --stop-after-steps 1 \
	"$work/two/shards" "$work/two/train" >"$work/said" 2>&1 || status=$?
[ "$status" = 75 ] || fail "it does not go on: status $status: $(cat "$work/said")"
grep 'going on from step' "$work/said" || fail "it began again: $(cat "$work/said")"

echo "== a link that is cut in training: the ranks notice it first"
# Then mpirun waits for the lost host until the system gives up, after a quarter of an hour by default.
if echo 3 2>"$work/refused" >/proc/sys/net/ipv4/tcp_retries2; then
	cut_link 150 OMPI_MCA_oob_tcp_keepalive_time=3600
	grep 'does not move on (--stall-timeout 20): .*every rank waits for the others: the network between them, or MPI' "$work/said" ||
		fail "not named: $(cat "$work/said")"
else
	echo "not tried: $(<"$work/refused")"
fi
echo "all passed"
