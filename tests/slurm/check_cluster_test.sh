#!/usr/bin/env bash
# check-cluster under srun on three nodes of a real Slurm, in a good job and in one without PMIx.
# shellcheck source=tests/slurm/slurm_test_support.sh
. "$REEL3D_SOURCE/tests/slurm/slurm_test_support.sh"

[ -x "$REEL3D_BIN/check-cluster" ] || {
	echo "skipped: this build has no check-cluster"
	exit 77
}
check() { # MPI ARGUMENTS...
	local mpi=$1
	shift
	srun -Q -N3 -n3 --mpi="$mpi" "$REEL3D_BIN/check-cluster" --gradient-floats 100000 "$@"
}

echo "== three nodes are in order"
chmod 777 "$work"
check pmix --ranks 3 --folder "$work" >"$work/out" 2>"$work/err" || fail "$(cat "$work/out" "$work/err")"
grep -q '^OK    ranks       3 ranks on ' "$work/out" || fail "$(cat "$work/out")"
grep -q '^OK    visible ' "$work/out" || fail "$(cat "$work/out")"
! grep -E '^(WARN|FAIL)' "$work/out" || fail "a false alarm"

echo "== ranks that do not find each other"
! check none >"$work/out" 2>&1 || fail "no failure: $(cat "$work/out")"
grep -q 'srun --mpi=list' "$work/out" || fail "$(cat "$work/out")"
