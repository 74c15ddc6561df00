#!/usr/bin/env bash
# Faults of a cluster that the jobs of slurm/ survive or name, on a real Slurm with stand-ins for the
# tools: ranks that do not start or find each other, early requests, time limits, cancelling.
# shellcheck source=tests/slurm/slurm_test_support.sh
. "$REEL3D_SOURCE/tests/slurm/slurm_test_support.sh"

export BIN=$work/bin RUN=$work/run CONFIGS=$work/configs EXP=stub VIDEOS=$work/videos SITE_ENV=$work/site.env SLICES=0
mkdir -p "$BIN" "$RUN" "$CONFIGS"
link_stubs
cp slurm/site.env "$work/site.before"
echo 'BACK_OFF_S=9' >>"$work/site.before"
cp "$work/site.before" "$SITE_ENV"
await_proof() { [ -e "$RUN/$1" ] || fail "$1 is missing: $(tail -n 20 "$RUN"/slurm/*.log)"; }

if [ -x "$REEL3D_BIN/train-r3d" ]; then
	echo "== tasks without MPI are refused, one process is not"
	train_under() { # MPI TASKS STATUS WORDS
		local status=0
		srun -Q -n"$2" --mpi="$1" "$REEL3D_BIN/train-r3d" --device cpu /nowhere "$work/alone" >"$work/out" 2>&1 || status=$?
		if [ "$status" != "$3" ] || ! grep -q -e "$4" "$work/out"; then fail "status $status: $(cat "$work/out")"; fi
	}
	train_under none 2 4 'srun --mpi=list'
	train_under pmi2 2 1 'srun --mpi=list'
	train_under none 1 3 '/nowhere'
	train_under pmix 2 3 '/nowhere'
fi

echo "== ranks that cannot be started are tried again; status and the end are written"
start_over
cat >"$work/launcher" <<-END
	#!/bin/sh
	# A node is dead, and Slurm does not know it yet: srun's words and status.
	[ "\${SLURM_RESTART_COUNT:-0}" != 0 ] && exec srun --mpi=pmix --kill-on-bad-exit=1 "\$@"
	echo 'srun: error: Task launch for StepId=1.0 failed on node n2: Communication connection failure' >&2
	exit 233
END
chmod +x "$work/launcher"
echo "RANKS_LAUNCHER=($work/launcher)" >>"$SITE_ENV"
workflow train EXEC=slurm TASKS=1
await_job "$RUN" train 120
await_proof train/DONE
expect '^train-r3d .* restart 1 ' 2
workflow status EXEC=slurm >"$work/out"
grep -qE '^train +[0-9]+ +done .* 1 +- +-$' "$work/out" || fail "other figures: $(cat "$work/out")"
await_job "$RUN" end 60
grep -q "^complete: $RUN/train" "$RUN/slurm/end.txt" || fail "no end: $(cat "$RUN/slurm/end.txt")"

echo "== but not for ever"
start_over
printf '#!/bin/sh\nexit 233\n' >"$work/launcher"
echo "LAUNCH_RETRIES=1" >>"$SITE_ENV"
workflow train EXEC=slurm TASKS=1
await_job "$RUN" end 120
grep -q 'train: the ranks could not be started (status 233' "$RUN/slurm/end.txt" || fail "no reason: $(cat "$RUN/slurm/end.txt")"
cp "$work/site.before" "$SITE_ENV"

echo "== requests before the tools can listen: to the job and to a rank"
start_over
echo 1 >"$RUN/deaf-train-r3d"
workflow train EXEC=slurm TASKS=1
await_job "$RUN" train 120
await_proof train/DONE
expect '^train-r3d .* restart 1 ' 2
start_over
echo 1 >"$RUN/hold-train-r3d"
# shellcheck disable=SC2016 # the job's own variables
printf 'site_setup() { [ -z "${SLURM_JOB_ID:-}" ] || touch "$RUN/setting-up-$SLURM_JOB_NAME"; sleep 1; }\n' >>"$SITE_ENV"
workflow train EXEC=slurm TASKS=1
until [ -e "$RUN/setting-up-reel3d-train" ]; do sleep 0.1; done
scancel --batch --signal=USR1 "$(job_of "$RUN" train)"
await_job "$RUN" train 120
await_proof train/DONE
cp "$work/site.before" "$SITE_ENV"

echo "== ranks that srun ended after a request go on; ranks that crash after one do not"
for status in 143 139; do
	start_over
	echo $status >"$RUN/die-train-r3d"
	workflow train EXEC=slurm TASKS=1
	await_lines "$RUN/seen" 'train-r3d holds' 2
	sleep 0.5
	scancel --batch --signal=USR1 "$(job_of "$RUN" train)"
	await_job "$RUN" end 120
	[ ! -e "$RUN/train/DONE" ] || [ $status = 143 ] || fail "went on after a crash"
	[ -e "$RUN/train/DONE" ] || [ $status = 139 ] || fail "did not go on: $(cat "$RUN/slurm/end.txt")"
done

echo "== a job that Slurm does not queue again has failed"
start_over
echo 1 >"$RUN/deaf-train-r3d"
mkdir "$work/refusing"
# shellcheck disable=SC2016 # the parameters of the other scontrol
printf '#!/bin/sh\n[ "$1" = requeue ] || exec %s "$@"\necho "no requeue" >&2\nexit 1\n' "$(command -v scontrol)" >"$work/refusing/scontrol"
chmod +x "$work/refusing/scontrol"
# shellcheck disable=SC2016 # the job's own variables
printf 'site_setup() { [ -z "${SLURM_JOB_ID:-}" ] || export PATH=%s:$PATH; }\n' "$work/refusing" >>"$SITE_ENV"
workflow train EXEC=slurm TASKS=1
await_job "$RUN" end 120
grep -q 'train: status 1 on' "$RUN/slurm/end.txt" || fail "no failure: $(cat "$RUN/slurm/end.txt")"
expect '^train-r3d .* restart 1 ' 0
cp "$work/site.before" "$SITE_ENV"

echo "== an array task that nears its time limit does the rest later"
start_over
echo 1 >"$RUN/hold-prep-videos"
workflow prep EXEC=slurm TASKS=2
await_lines "$RUN/seen" 'prep-videos holds' 2
scancel --batch --signal=USR1 "$(job_of "$RUN" prep)"
await_job "$RUN" prep 120
await_proof prepared/DONE
expect '^prep-videos .* restart 1 ' 2

echo "== cancelling says so"
start_over
echo 1 >"$RUN/hold-prep-videos"
workflow evaluate EXEC=slurm TASKS=2
await_lines "$RUN/seen" 'prep-videos holds' 2
workflow status >"$work/out"
grep -qE '^prep +[0-9]+ +running .* 2 +0 +0 +0 ' "$work/out" || fail "other figures: $(cat "$work/out")"
workflow cancel
await_job "$RUN" prep 60
[ -z "$(squeue --noheader)" ] || fail "still queued: $(squeue)"
grep -q '^cancelled by' "$RUN/slurm/end.txt" || fail "no end"
echo "all passed"
