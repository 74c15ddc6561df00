#!/usr/bin/env bash
# Jobs of slurm/ that are asked to stop by any signal, preempted, or cannot be started, on a real Slurm with stand-ins
# for the tools: each queues itself again, alone, after a pause where one helps.
slurm_lines='PreemptType=preempt/partition_prio
PreemptMode=CANCEL
PartitionName=low Nodes=ALL PriorityTier=1 GraceTime=3 PreemptMode=CANCEL
PartitionName=patient Nodes=ALL PriorityTier=1 GraceTime=30 PreemptMode=CANCEL
PartitionName=again Nodes=ALL PriorityTier=1 GraceTime=0 PreemptMode=REQUEUE
PartitionName=urgent Nodes=ALL PriorityTier=10'
# shellcheck source=tests/slurm/slurm_test_support.sh
. "$REEL3D_SOURCE/tests/slurm/slurm_test_support.sh"

export BIN=$work/bin RUN=$work/run CONFIGS=$work/configs EXP=stub VIDEOS=$work/videos SITE_ENV=$work/site.env SLICES=0
mkdir -p "$BIN" "$RUN" "$CONFIGS"
link_stubs
cp slurm/site.env "$SITE_ENV"
ends_well() { # STAGE: fails unless the chain up to this stage ends as complete
	await_job "$RUN" end 120
	grep -q "^complete: $RUN/" "$RUN/slurm/end.txt" || fail "$1 did not end well: $(cat "$RUN/slurm/end.txt")"
}

echo "== training is asked to stop by the signals of different sites"
for signal in USR2 TERM; do
	start_over
	echo 1 >"$RUN/hold-train-r3d"
	workflow train EXEC=slurm TASKS=1
	await_lines "$RUN/seen" 'train-r3d holds' 2
	sleep 0.5
	scancel --batch --signal=$signal "$(job_of "$RUN" train)"
	ends_well "train after $signal"
	expect '^train-r3d .* restart 1 ' 2
done

# Slurm signals the processes of a job one after another. On a busy node the tool may have ended before the script
# hears anything.
echo "== the tool hears the signal before the script does"
start_over
echo 1 >"$RUN/hold-prep-videos"
workflow prep EXEC=slurm TASKS=1
await_lines "$RUN/seen" 'prep-videos holds' 1
pkill -TERM -f "^[^ ]*bash $BIN/prep-videos "
await_lines "$RUN/seen" 'prep-videos rank 0 got TERM' 1
for ((i = 0; i < 100; i++)); do pgrep -f '^make .*EXEC=local .* prep$' >/dev/null || break && sleep 0.1; done
scancel --batch --signal=TERM "$(job_of "$RUN" prep)_0"
ends_well prep
expect '^prep-videos .* restart 1 ' 1

# The number of one task is that of the whole array, which must not be queued again with it.
echo "== one task of an array is asked to stop, and the others go on"
start_over
echo 1 >"$RUN/hold-prep-videos"
workflow prep EXEC=slurm TASKS=2
await_lines "$RUN/seen" 'prep-videos holds' 2
for task in 0 1; do
	scancel --batch --signal=USR1 "$(job_of "$RUN" prep)_$task"
	await_lines "$RUN/seen" "prep-videos task $task of .* restart 1 " 1
	sleep 1
	expect '^prep-videos .* restart 1 ' $((task + 1))
done
ends_well prep
expect '^prep-videos task' 4

preempt() { # HOW-LONG: takes all nodes for so long
	sbatch --quiet --partition=urgent --nodes=3 --ntasks-per-node=4 --output=/dev/null --wrap "sleep $1"
}

preempted() { # PARTITION STAGE TOOL: both processes of the stage are preempted, and go on later
	start_over
	echo "SITE_OPTIONS=(--partition=$1)" >>"$SITE_ENV"
	echo 1 >"$RUN/hold-$3"
	workflow "$2" EXEC=slurm TASKS=2
	await_lines "$RUN/seen" "$3 holds" 2
	sleep 0.5
	preempt 2
	ends_well "$2 in $1"
	expect "^$3 .* restart 1 " 2
	cp slurm/site.env "$SITE_ENV"
}
echo "== preempted with a grace, and without; Slurm cancels the job, or queues it again"
preempted low prep prep-videos
preempted low train train-r3d
preempted again train train-r3d

echo "== a preempted job that is cancelled later does not come back"
start_over
echo "SITE_OPTIONS=(--partition=low)" >>"$SITE_ENV"
echo 2 >"$RUN/hold-prep-videos"
workflow prep EXEC=slurm TASKS=1
await_lines "$RUN/seen" 'prep-videos holds' 1
preempt 1
await_lines "$RUN/seen" 'prep-videos holds' 2
scancel "$(job_of "$RUN" prep)"
await_job "$RUN" end 60
expect '^prep-videos .* restart 2 ' 0
cp slurm/site.env "$SITE_ENV"

echo "== a job that is cancelled while it is being preempted does not come back"
start_over
echo "SITE_OPTIONS=(--partition=patient)" >>"$SITE_ENV"
echo 1 >"$RUN/hold-prep-videos"
workflow prep EXEC=slurm TASKS=1
await_lines "$RUN/seen" 'prep-videos holds' 1
preempt 1
for ((i = 0; i < 300; i++)); do
	! scontrol --oneliner show job "$(job_of "$RUN" prep)" | grep -qE ' PreemptTime=[0-9]' || break && sleep 0.1
done
((i < 300)) || fail "not preempted"
scancel "$(job_of "$RUN" prep)"
await_job "$RUN" end 60
expect '^prep-videos .* restart 1 ' 0
cp slurm/site.env "$SITE_ENV"

echo "== the pause before ranks are started again"
start_over
printf '#!/bin/sh\nexit 233\n' >"$work/launcher"
chmod +x "$work/launcher"
printf 'RANKS_LAUNCHER=(%s)\nBACK_OFF_S=40\n' "$work/launcher" >>"$SITE_ENV"
workflow train EXEC=slurm TASKS=1
job=$(job_of "$RUN" train)
moment() { date -d "$(scontrol --oneliner show job "$job" | sed -n "s/.* $1=\([-0-9T:]*\).*/\1/p")" +%s; }
await_lines "$RUN/slurm/reel3d-train-$job.log" 'queueing again, to start in 40 s or later' 1
for ((i = 0; i < 100; i++)); do [ "$(squeue --noheader --jobs="$job" --format=%T)" != PENDING ] || break && sleep 0.1; done
(($(moment EligibleTime) - $(moment SubmitTime) >= 38)) || fail "no pause: $(scontrol show job "$job")"
scontrol update JobId="$job" StartTime=now+8 # at once, Slurm would count the launch as one that it has cancelled
await_lines "$RUN/slurm/reel3d-train-$job.log" 'queueing again, to start in 80 s or later' 1
workflow cancel
echo "all passed"
