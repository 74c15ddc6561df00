#!/usr/bin/env bash
# Runs check-cluster on three nodes of a real Slurm: a good job, and ranks that srun starts without PMIx. The
# good job uses mpirun, because Open MPI 4.1 under srun may crash in MPI_Init (mca_btl_tcp) on simulated
# nodes.
# shellcheck source=tests/slurm/slurm_test_support.sh
. "$REEL3D_SOURCE/tests/slurm/slurm_test_support.sh"

[ -x "$REEL3D_BIN/check-cluster" ] || {
	echo "skipped: this build has no check-cluster"
	exit 77
}
echo "== three nodes are in order"
chmod 777 "$work"
salloc -Q -N3 -n3 mpirun --map-by node -n 3 "$REEL3D_BIN/check-cluster" --gradient-floats 100000 \
	--ranks 3 --folder "$work" >"$work/out" 2>"$work/err" || fail "$(cat "$work/out" "$work/err")"
grep -q '^OK    ranks       3 ranks on ' "$work/out" || fail "$(cat "$work/out")"
grep -q '^OK    visible ' "$work/out" || fail "$(cat "$work/out")"
! grep -E '^(WARN|FAIL)' "$work/out" || fail "a false alarm"

echo "== ranks that do not find each other"
! srun -Q -N3 -n3 --kill-on-bad-exit=1 --mpi=none "$REEL3D_BIN/check-cluster" >"$work/out" 2>&1 || fail "no failure: $(cat "$work/out")"
grep -q 'srun --mpi=list' "$work/out" || fail "$(cat "$work/out")"
