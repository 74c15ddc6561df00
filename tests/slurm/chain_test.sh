#!/usr/bin/env bash
# Runs the jobs of slurm/ on a real Slurm, with stand-ins for the tools. Tests order, arrays, ranks, failures,
# early stops and queueing again. The stand-ins record what they see, and the tests check these records.
# shellcheck source=tests/slurm/slurm_test_support.sh
. "$REEL3D_SOURCE/tests/slurm/slurm_test_support.sh"

export BIN=$work/bin RUN=$work/run CONFIGS=$work/configs EXP=stub VIDEOS="$work/my videos" SLICES=0
mkdir -p "$BIN" "$RUN" "$CONFIGS"
link_stubs

# stop_held_training RESTART sends the job a request when the ranks of this start hold.
stop_held_training() {
	await_lines "$RUN/seen" 'train-r3d holds' $((2 * $1 + 2))
	sleep 0.5
	scancel --batch --signal=USR1 "$(job_of "$RUN" train)"
	await_lines "$RUN/seen" 'train-r3d rank . got' $((2 * $1 + 2))
}

echo "== all stages, in order"
start_over
workflow report EXEC=slurm TASKS=3 STAGE_TO="$work/the stage" >"$work/out"
cat "$work/out"
! workflow report EXEC=slurm TASKS=3 >"$work/again" 2>&1 || fail "submitted twice"
grep -q 'still queued or running' "$work/again" || fail "no reason given: $(cat "$work/again")"
await_job "$RUN" end 120
[ -e "$RUN/evaluation/DONE" ] || fail "no evaluation"
grep -qx "report: $RUN/report.html" "$RUN/slurm/end.txt" || fail "the end does not name the page: $(cat "$RUN/slurm/end.txt")"
[ -e "$RUN/report.html" ] || fail "no page"
for task in 0 1 2; do
	expect "^prep-videos task $task of 3" 1
	expect "^score-videos task $task of 3" 1
done
expect '^pack-shards task 0 of 1' 1
expect '^train-r3d .* rank 0 of 2' 1
expect '^train-r3d .* rank 1 of 2' 1
expect "^train-r3d .*--stage-to $work/the stage " 2
[ "$(grep '^train-r3d' "$RUN/seen" | grep -o ' on n[0-9]' | sort -u | wc -l)" = 2 ] || fail "ranks on one node"
[ "$(cut -d ' ' -f 1 "$RUN/seen" | uniq | paste -sd ' ')" = \
	'prep-videos pack-shards train-r3d score-videos measure-videos evaluate-scores explain-mistakes report-run' ] || fail "wrong order: $(cat "$RUN/seen")"
grep -q 'the table' "$RUN"/slurm/reel3d-evaluate-*.log || fail "no table in the log"

echo "== what is done is not submitted again, and what follows a change is"
workflow evaluate EXEC=slurm TASKS=3 >"$work/out"
[ "$(grep -c 'done before' "$work/out")" = 5 ] || fail "submitted again: $(cat "$work/out")"
grep -q 'the table' "$work/out" || fail "no table: $(cat "$work/out")"
sleep 1.1
echo "# another" >"$CONFIGS/score.ini"
workflow evaluate EXEC=slurm TASKS=3 >"$work/out"
[ "$(grep -c 'done before' "$work/out")" = 3 ] || fail "not just scoring and evaluation: $(cat "$work/out")"
await_job "$RUN" evaluate 60
expect '^score-videos' 6
expect '^train-r3d' 2
grep -q -- "--config $RUN/slurm/settings-[^ ]*/score.ini" "$RUN/seen" || fail "settings not passed on"

echo "== a page that cannot be made leaves the run complete, and the next submission makes it alone"
touch "$RUN/fail-report-run"
workflow report EXEC=slurm TASKS=3 >"$work/out"
[ "$(grep -c 'done before' "$work/out")" = 5 ] || fail "more than the page: $(cat "$work/out")"
await_job "$RUN" end 60
[ "$(head -n 1 "$RUN/slurm/end.txt")" = "complete: $RUN/evaluation" ] || fail "not complete: $(cat "$RUN/slurm/end.txt")"
grep -q '^report-run: the item 0 is torn' "$RUN/slurm/end.txt" || fail "no words: $(cat "$RUN/slurm/end.txt")"
rm "$RUN/fail-report-run"
touch "$RUN/fail-explain-mistakes" # the page is then made without heat
rm -f "$RUN/heat.json"
workflow report EXEC=slurm TASKS=3
await_job "$RUN" end 60
grep -qx "report: $RUN/report.html" "$RUN/slurm/end.txt" || fail "no page without heat: $(cat "$RUN/slurm/end.txt")"
expect '^train-r3d' 2
rm "$CONFIGS/score.ini"

echo "== a failed stage cancels what waits for it"
start_over
touch "$RUN/fail-pack-shards"
workflow evaluate EXEC=slurm TASKS=2
await_job "$RUN" evaluate 60
expect '^pack-shards' 1
expect '^train-r3d' 0
[ ! -e "$RUN/evaluation/DONE" ] || fail "evaluated all the same"
await_job "$RUN" end 60
grep -q 'pack: status 2 on .*, log .*reel3d-pack' "$RUN/slurm/end.txt" || fail "no first error: $(cat "$RUN/slurm/end.txt")"
grep -q 'pack-shards: the item 0 is torn' "$RUN/slurm/end.txt" || fail "no words: $(cat "$RUN/slurm/end.txt")"
rm "$RUN/fail-pack-shards"
workflow evaluate EXEC=slurm TASKS=2 >"$work/out"
grep -q 'prep: done before' "$work/out" || fail "prep submitted again: $(cat "$work/out")"
await_job "$RUN" evaluate 60
[ -e "$RUN/evaluation/DONE" ] || fail "no evaluation after the repair"

echo "== training stops on a signal, queues itself again, and goes on"
start_over
echo 1 >"$RUN/hold-train-r3d"
workflow evaluate EXEC=slurm TASKS=2 OVERWRITE=yes
await_lines "$RUN/seen" 'train-r3d holds' 2
sleep 0.5
scancel --batch --signal=USR1 "$(job_of "$RUN" train)"
await_lines "$RUN/seen" 'restart 1' 1
await_job "$RUN" evaluate 120
# When the first rank ends, srun sends TERM to the other rank, so that rank may record TERM instead of USR1.
expect 'train-r3d rank . got' 2
grep -q 'train-r3d rank . got USR1' "$RUN/seen" || fail "the signal did not come through"
expect '^train-r3d .* restart 0 .*--overwrite' 2
expect '^train-r3d .* restart 1 ' 2
expect '^train-r3d .* restart 1 .*--overwrite' 0
[ -e "$RUN/evaluation/DONE" ] || fail "no evaluation after the restart"

echo "== training that is stopped again before a step is done does not queue itself for ever"
start_over
echo 2 >"$RUN/hold-train-r3d"
workflow train EXEC=slurm TASKS=2
stop_held_training 0
stop_held_training 1
await_job "$RUN" train 60
sleep 5
expect '^train-r3d .* restart 2 ' 0
grep -q 'before a step was done' "$RUN"/slurm/reel3d-train-*.log || fail "no reason given"

echo "== but one such stop after a part with steps is no failure"
start_over
echo 2 >"$RUN/hold-train-r3d"
workflow train EXEC=slurm TASKS=1
await_lines "$RUN/seen" 'train-r3d holds' 2
mkdir -p "$RUN/train/checkpoints"
ln -sfn step-1 "$RUN/train/checkpoints/latest"
stop_held_training 0
stop_held_training 1
await_job "$RUN" train 120
expect '^train-r3d .* restart 2 ' 2

echo "== a cancelled training does not come back"
start_over
echo 1 >"$RUN/hold-train-r3d"
workflow train EXEC=slurm TASKS=2
await_lines "$RUN/seen" 'train-r3d holds' 2
sleep 0.5
train_job=$(job_of "$RUN" train)
scancel "$train_job"
await_job "$RUN" train 60
sleep 5
expect '^train-r3d .* restart 1 ' 0
[ -z "$(squeue --noheader --jobs="$train_job" --states=PENDING,RUNNING 2>/dev/null)" ] || fail "it came back"
echo "all passed"
