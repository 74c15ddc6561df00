#!/usr/bin/env bash
# Tests how slurm/submit.sh cuts the work of stages into slices, groups and arrays of tasks. Slurm's commands are
# simulated. Usage: tests/submit_slices_test.sh
# shellcheck source=tests/submit_test_support.sh
. "$(dirname "$0")/submit_test_support.sh"

echo "== slices that the tasks share"
start_over
submit SLICES=x
expect 2 'SLICES=x: a number of slices, or 0'
slices_of() { sed -n "s/^sbatch .*SLICES=\([0-9]*\) .*$1.sbatch$/\1/p" "$work/asked"; }
submit
expect 0 'evaluate: job'
[ "$(slices_of prep) $(slices_of pack) $(slices_of score)" = '0 0 0' ] || fail "slices without SLICES"
: >"$work/asked"
submit SLICES=1000
[ "$(slices_of prep) $(slices_of pack) $(slices_of score)" = '1000 0 1000' ] || fail "other slices"
: >"$work/asked"
mkdir -p "$RUN/prepared/leases"
echo 20 >"$RUN/prepared/leases/slices"
touch "$RUN/prepared/leases/0007.ended-abc"
slurm/status.sh >"$work/said" || fail "no status"
grep -q '^prep: attempts that ended before their slice was done: 1 ' "$work/said" || fail "no attempts"
submit SLICES=1000
[ "$(slices_of prep) $(slices_of score)" = '20 1000' ] || fail "an unfinished stage is cut anew"
[ ! -e "$RUN/prepared/leases/0007.ended-abc" ] || fail "what was given up is not tried again"
: >"$work/asked"
submit SLICES=1000 OVERWRITE=yes
[ "$(slices_of prep)" = 0 ] || fail "all are made again by tasks that share"
echo "== any tasks do all slices"
finish_tasks prepared 0 3
submit ARRAY=2 SLICES=1000
expect 0 'evaluate: job'
: >"$work/asked"
echo "== slices and tasks that suit the work, if nobody gives SLICES"
list_videos() { # TRAINING VALIDATION
	printf 'id\tpath\tlabel\tsubset\n' >"$RUN/videos.tsv"
	{ seq "$1" | sed 's/$/\tv.mp4\tmoving\ttraining/' && seq "$2" | sed 's/$/\tw.mp4\tmoving\tvalidation/'; } >>"$RUN/videos.tsv"
}
array_of() { sed -n "s/^sbatch .*--array=\([^ ]*\) .*$1.sbatch\$/\1/p" "$work/asked"; }
suits() { # SLICES 'ARRAYS' NAME=VALUE...: fails unless prep and score are cut so, and have these tasks
	local slices=$1 arrays=$2
	shift 2
	: >"$work/asked"
	submit SLICES= "$@"
	expect 0 'evaluate: job'
	[ "$(slices_of prep) $(slices_of pack) $(slices_of score)" = "$slices 0 $slices" ] || fail "other slices"
	[ "$(array_of prep) $(array_of score)" = "$arrays" ] || fail "other tasks"
}
start_over
list_videos 90 10
suits 16 '0-0 0-0' TASKS=1
suits 128 '0-7 0-0' TASKS=8
expect 0 ', TASKS=1 in place of 8 (files of scores: 1)'
suits 16000 '0-99 0-0' TASKS=1000
expect 0 'prep: job 101, TASKS=100 in place of 1000 (videos: 100)'
grep -q -- '--dependency=afterany:101 .*slurm/pack.sbatch$' "$work/asked" || fail "pack waits for each task"
list_videos 15000 5000
suits 40 '0-0 0-0' TASKS=1
suits 128 '0-7 0-7' TASKS=8
suits 16000 '0-999 0-19' TASKS=1000
: >"$work/asked"
submit SLICES= TASKS=64 PACK=groups
expect 0 'pack: job 101, TASKS=20 in place of 64 (groups of videos: 20), whose tasks share the work'
[ "$(slices_of pack) $(array_of pack)" = '1024 0-19' ] || fail "other groups"
rm -rf "$RUN/shards"
echo "== fewer slices than tasks"
mkdir -p "$RUN/prepared/leases"
echo 16 >"$RUN/prepared/leases/slices"
: >"$work/asked"
submit SLICES= TASKS=64
expect 0 'prep: job 101, TASKS=16 in place of 64 (slices: 16)'
[ "$(slices_of prep) $(array_of prep) $(array_of score)" = '16 0-15 0-19' ] || fail "tasks without a slice"
rm -r "$RUN/prepared"
: >"$work/asked"
submit SLICES=1 TASKS=64 # the tools make two
[ "$(array_of prep) $(array_of score)" = '0-1 0-1' ] || fail "tasks without a slice"
echo "== limits count the tasks that are queued"
echo 1024 >"$work/most" # 1000 tasks of prep, 20 of score, and 4 jobs
: >"$work/asked"
submit SLICES= TASKS=1000
expect 0 'evaluate: job'
[ "$(array_of prep) $(array_of score)" = '0-999 0-19' ] || fail "fewer tasks though they fit"
echo 924 >"$work/most"
: >"$work/asked"
submit SLICES= TASKS=1000
expect 0 'TASKS=1000 is made 900: MaxJobCount of the cluster is 924'
[ "$(array_of prep) $(array_of score)" = '0-899 0-19' ] || fail "other tasks"
echo 34 >"$work/most"
: >"$work/asked"
submit SLICES= TASKS=1000
[ "$(array_of prep) $(array_of score)" = '0-14 0-14' ] || fail "other tasks"
rm "$work/most"
: >"$work/asked"
submit SLICES= TASKS=64 ARRAY=3
[ "$(array_of prep) $(array_of score)" = '3 0-19' ] || fail "another ARRAY"
: >"$work/asked"
submit SLICES= OVERWRITE=yes
[ "$(slices_of prep) $(array_of prep)" = '0 0-3' ] || fail "all are made again by tasks that share"
echo "== the limit on arrays is for the arrays that are queued, and not for TASKS"
echo 'SchedulerParameters     = max_array_tasks=20' >"$work/config"
: >"$work/asked"
submit SLICES= TASKS=64 PACK=groups # 20 groups of videos, and 20 files of scores
expect 0 'pack: job 101, TASKS=20 in place of 64 (groups of videos: 20)'
! grep -q 'is made' "$work/said" || fail "TASKS is changed though the arrays fit"
rm -rf "$RUN/shards"
: >"$work/asked"
submit SLICES= TASKS=64 PACK=groups ARRAY=3
[ "$(array_of pack) $(array_of score)" = '3 0-19' ] || fail "arrays that fit are refused"
rm -rf "$RUN/shards"
echo 'SchedulerParameters     = max_array_tasks=19' >"$work/config"
: >"$work/asked"
submit SLICES= TASKS=64
expect 0 "TASKS=64 is made 19, this cluster's max_array_tasks"
[ "$(array_of prep) $(array_of score)" = '0-18 0-18' ] || fail "other tasks"
: >"$work/asked"
stage=prep submit SLICES= TASKS=64 ARRAY=30 # one task
expect 0 'prep: job 101'
[ "$(array_of prep)" = 30 ] || fail "another ARRAY"
: >"$work/asked"
stage=prep submit SLICES= TASKS=64 ARRAY=0-19
expect 2 "ARRAY=0-19, TASKS=64: this cluster's arrays hold at most 19 tasks (its max_array_tasks)"
rm "$work/config"
sed -i.before 's/1001/20/' "$work/slurm/scontrol" # MaxArraySize, which limits the numbers too
stage=prep submit SLICES= TASKS=64 ARRAY=30
expect 2 "ARRAY=30, TASKS=64: this cluster's arrays hold at most 20 tasks (its MaxArraySize)"
nothing_queued
mv "$work/slurm/scontrol.before" "$work/slurm/scontrol"
finish prepared shards train scores
echo 'SchedulerParameters     = max_array_tasks=19' >"$work/config"
submit SLICES= TASKS=64
expect 0 'evaluate: job 101' # no array is left
rm -r "$RUN"/{prepared,shards,train,scores} "$work/config"
echo "== tasks that had fixed shares continue with them"
finish_tasks prepared 0 3
: >"$work/asked"
submit SLICES=
[ "$(slices_of prep) $(array_of prep) $(slices_of score)" = '0 1-2 64' ] || fail "tasks that are done do all again"
: >"$work/asked"
submit SLICES= ARRAY=1
expect 2 'ARRAY=1 leaves tasks undone (2)'
nothing_queued
submit SLICES=100
[ "$(slices_of prep) $(array_of prep)" = '100 0-3' ] || fail "SLICES is not obeyed"
: >"$work/asked"
finish prepared
touch -d '+1 hour' "$RUN/videos.tsv" # a stage that is made again, not continued
submit SLICES=
[ "$(slices_of prep)" = 64 ] || fail "a finished stage keeps its shares"
rm -r "$RUN/prepared"
# A hundred million videos are not listed here.
[ "$(bash -c '. slurm/slices.sh && for tasks in 1 8 1000; do default_slices $tasks 100000000; done' | paste -sd ' ')" = '10000 10000 16000' ] ||
	fail "other slices of many videos"
mkdir -p "$RUN/scores/leases"
echo 7 >"$RUN/scores/leases/slices"
[ "$(slurm/slices.sh "$RUN/scores" 3 "$RUN/videos.tsv") $(slurm/slices.sh "$RUN/none" 3 "$RUN/videos.tsv")" = '7 48' ] || fail "other slices without Slurm"
start_over
submit
mkdir -p "$RUN/prepared/leases"
finish_tasks prepared 0 3
: >"$work/asked"
echo "== files with a command in place of a number"
# shellcheck disable=SC2016
command='x[$(touch "$RUN/obeyed")0]'
echo "$command" >"$RUN/prepared/leases/slices"
mkdir -p "$RUN"/scores/{leases,tasks/"0000-of-$command"} "$RUN/train"
echo "$command" >"$RUN/scores/leases/slices"
echo "epochs = $command" >"$RUN/train/config.ini"
slurm/status.sh >"$work/said" || fail "no status"
submit SLICES=1000 ARRAY=2
[ "$(slices_of prep) $(slices_of score)" = '1000 1000' ] || fail "a wrong number of slices is obeyed"
slurm/status.sh >"$work/said" || fail "no status"
rm "$RUN"/*/leases/slices
slurm/status.sh >"$work/said" || fail "no status"
[ ! -e "$RUN/obeyed" ] || fail "a command in a file of the run was run"

echo "== one stage that prepares and packs"
start_over
submit PACK=group
expect 2 'PACK=group: groups or steps'
stage=prep submit PACK=groups
expect 2 'with PACK=groups the videos are prepared and packed in one stage: make pack'
echo 'wrong = 1' >"$CONFIGS/prep.ini"
submit PACK=groups
expect 2 'groups.ini: the settings of pack are refused: pack-videos'
nothing_queued
echo 'threads = 4 # of prep' >"$CONFIGS/prep.ini"
printf 'shard-size = 7\n threads=3\n' >"$CONFIGS/pack.ini"
submit PACK=groups
expect 2 'pack.ini: both set threads: with PACK=groups one stage reads both'
nothing_queued
printf 'height = 48' >"$CONFIGS/prep.ini"
echo 'shard-size = 7' >"$CONFIGS/pack.ini"
submit PACK=groups SLICES=1000 SCRATCH="$work/one two"
expect 0 'evaluate: job 104'
[ "$(cut -f 1 "$RUN/slurm/jobs.tsv" | paste -sd ' ')" = 'pack train score evaluate end' ] || fail "other jobs"
[ "$(slices_of pack) $(slices_of train) $(slices_of score)" = '1000 0 1000' ] || fail "other slices"
grep -q -- '--array=0-3 .*slurm/pack.sbatch$' "$work/asked" || fail "pack is no array"
grep -q -- '--dependency=afterany:101 .*slurm/train.sbatch$' "$work/asked" || fail "training waits for each task"
[ "$(cat "$RUN/settings/groups.ini")" = $'height = 48\nshard-size = 7' ] || fail "the settings of prep and pack are not in one file"
echo "== a run that has begun in groups goes on in groups"
mkdir -p "$RUN"/shards/{groups,leases}
echo 20 >"$RUN/shards/leases/slices"
: >"$work/asked"
submit SLICES=1000
[ "$(slices_of pack)" = 20 ] || fail "it does not"
slurm/status.sh >"$work/said" || fail "no status"
grep -q '^pack .* 0 of 20 s' "$work/said" || fail "no slices of pack"
! grep -q '^prep' "$work/said" || fail "there is no prep"
: >"$work/asked"
submit PACK=steps
expect 2 'is packed in groups: give another RUN'
nothing_queued
rm -r "$RUN/shards"
submit PACK=steps
grep -q 'slurm/prep.sbatch$' "$work/asked" || fail "PACK=steps has no prep"
rm "$CONFIGS"/{prep,pack}.ini

echo "slices are checked"
