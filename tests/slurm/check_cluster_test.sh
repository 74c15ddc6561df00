#!/usr/bin/env bash
# Runs check-cluster on three nodes of a real Slurm: a good job, and ranks that srun starts without PMIx. The
# good job uses mpirun, because Open MPI 4.1 under srun may crash in MPI_Init (mca_btl_tcp) on simulated
# nodes.
# REEL3D_CLEAN_RUNS is the number of good jobs; REEL3D_CLEAN_FLOATS=33000000 adds up the gradients of r3d-18.
# shellcheck source=tests/slurm/slurm_test_support.sh
. "$REEL3D_SOURCE/tests/slurm/slurm_test_support.sh"

[ -x "$REEL3D_BIN/check-cluster" ] || {
	echo "skipped: this build has no check-cluster"
	exit 77
}
runs=${REEL3D_CLEAN_RUNS:-2}
echo "== three nodes are in order: $runs runs without a false alarm, of which each is compared with those before"
chmod 777 "$work"
for ((run = 1; run <= runs; run++)); do
	SECONDS=0
	salloc -Q -N3 -n3 mpirun --map-by node -n 3 "$REEL3D_BIN/check-cluster" --ranks 3 --threads 1 \
		--folder "$work" --history "$work/history.jsonl" --gradient-floats "${REEL3D_CLEAN_FLOATS:-100000}" \
		>"$work/out" 2>"$work/err" || fail "$(cat "$work/out" "$work/err")"
	echo "run $run: $SECONDS s with the launch; $(tail -n 1 "$work/out")"
	grep -q '^OK    ranks       3 ranks on ' "$work/out" || fail "$(cat "$work/out")"
	grep -q '^OK    slurm       arrays of up to 1001 tasks, 10000 jobs in all' "$work/out" || fail "$(cat "$work/out")"
	grep -q '^OK    visible ' "$work/out" || fail "$(cat "$work/out")"
	! grep -E '^(WARN|FAIL)' "$work/out" || fail "a false alarm: $(cat "$work/out")"
done
[ "$(wc -l <"$work/history.jsonl")" = "$runs" ] || fail "not all runs are in the history"

echo "== ranks that do not find each other"
! srun -Q -N3 -n3 --kill-on-bad-exit=1 --mpi=none "$REEL3D_BIN/check-cluster" >"$work/out" 2>&1 || fail "no failure: $(cat "$work/out")"
grep -q 'srun --mpi=list' "$work/out" || fail "$(cat "$work/out")"
