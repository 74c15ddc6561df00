#!/usr/bin/env bash
# Tests what slurm/submit.sh, status.sh and the jobs say and do about a site: its partitions, limits and grace, a
# module that is missing, tasks that Slurm never started. Slurm's commands are simulated. Usage: tests/submit_sites_test.sh
# shellcheck source=tests/submit_test_support.sh
. "$(dirname "$0")/submit_test_support.sh"
cp "$SITE_ENV" "$work/site.before"

echo "== a module that is missing"
start_over
printf 'site_setup() {\n\tmodule_load() { echo "Unable to locate a modulefile for gcc/99" >&2 && return 3; }\n\tmodule_load\n\ttrue\n}\n' >>"$SITE_ENV"
submit
expect 4 "site_setup of $SITE_ENV fails here with status 3: Unable to locate a modulefile for gcc/99"
nothing_queued
# shellcheck disable=SC2016 # the job's own variable
printf '[ -n "${SLURM_JOB_ID:-}" ] || site_setup() { :; }\n' >>"$SITE_ENV"
submit
expect 0 'evaluate: job 105' # the login node has the module
! SLURM_JOB_NAME=reel3d-prep SLURM_JOB_ID=101 SLURM_ARRAY_JOB_ID=101 SLURM_ARRAY_TASK_ID=0 bash slurm/prep.sbatch \
	>"$RUN/slurm/reel3d-prep-101_0.log" 2>&1 || fail "prep ran without its module"
grep -q "^prep: site_setup of $SITE_ENV failed on this node" "$RUN/slurm/failures/prep-0" || fail "$(cat "$RUN/slurm/failures/prep-0")"
cp "$work/site.before" "$SITE_ENV"

echo "== a setup that reads variables which are not set on a login node"
start_over
# shellcheck disable=SC2016 # the variable of the job
printf 'site_setup() { export SCRATCH=/local/$SLURM_JOB_ID; }\nSITE_OPTIONS=(--job-name=mine --chdir=/ --export=NONE)\n: "$NOT_SET_ANYWHERE"\n' >>"$SITE_ENV"
submit
expect 0 'evaluate: job 105'
counts() { # OPTION: fails unless training is submitted with this option, of which the last one counts
	[ "$(grep -oE -e " ${1%%=*}=[^ ]*" <(grep 'train.sbatch$' "$work/asked") | tail -n 1)" = " $1" ] || fail "another ${1%%=*}"
}
counts --job-name=reel3d-train
counts "--chdir=$(pwd -P)"
counts --export=ALL
echo "== variables that a site exports"
for exported in ALL,LICENSE=x:ALL,LICENSE=x LICENSE=x,all:LICENSE=x,all LICENSE=x,ALLOW:ALL,LICENSE=x,ALLOW all:ALL NIL:ALL; do
	echo "TRAIN_OPTIONS=(--export=LOST --export ${exported%%:*})" >"$work/more"
	cat "$work/site.before" "$work/more" >"$SITE_ENV"
	: >"$work/asked"
	submit
	counts "--export=${exported#*:}"
done
cp "$work/site.before" "$SITE_ENV"
echo "== a folder behind a link"
ln -s "$PWD" "$work/link"
: >"$work/asked"
(cd "$work/link" && slurm/submit.sh evaluate) >"$work/said" 2>&1 || fail "not submitted"
counts "--chdir=$(pwd -P)"
! bash slurm/prep.sbatch >"$work/said" 2>&1 || fail "a job without Slurm"
grep -qF 'SLURM_JOB_ID: is not set, so this is no job of Slurm: slurm/submit.sh queues this script' "$work/said" || fail "no reason"

echo "== a description of the cluster that cannot be used"
start_over
submit SITE_ENV="$work/none.env"
expect 2 "cannot read $work/none.env: SITE_ENV must name a file that describes the cluster"
# shellcheck disable=SC2016 # a site's own lines
for line in '[ -d /no/such/disk ] && STAGE_TO=/no/such/disk' 'false && true' '(exit 7)' 'TRAIN_OPTIONS=('; do
	{ cat "$work/site.before" && echo "$line"; } >"$SITE_ENV"
	submit
	expect 2 "$SITE_ENV fails with status "
	! SLURM_JOB_NAME=reel3d-prep SLURM_JOB_ID=101 SLURM_ARRAY_JOB_ID=101 SLURM_ARRAY_TASK_ID=0 bash slurm/prep.sbatch \
		>"$work/said" 2>&1 || fail "prep ran with half a site.env"
	grep -q "^prep: $SITE_ENV failed on this node" "$work/said" || fail "no reason"
done
nothing_queued
cp "$work/site.before" "$SITE_ENV"
mkdir "$work/path" "$work/tree"
ln -s "$PWD"/* "$work/tree"
rm "$work/tree/slurm"
cp -r slurm "$work/tree" # submit.sh works in the folder above its own
for place in tree path; do
	{ cat "$work/site.before" && echo "SITE_OPTIONS=(--comment=of-the-$place)"; } >"$work/$place/mine.env"
done
(cd "$work/tree" && SITE_ENV=mine.env PATH="$work/path:$PATH" slurm/submit.sh evaluate) >"$work/said" 2>&1 || fail "not submitted"
grep -q -- '--comment=of-the-tree' "$work/asked" || fail "another site.env"

echo "== an sbatch that prints more than the number, or none"
start_over
cp "$work/slurm/sbatch" "$work/sbatch.before"
# shellcheck disable=SC2016 # for the simulated sbatch
sed -i 's/^echo \$((100.*/echo "Welcome to the cluster 2.0"; echo "$((100 + n));cluster"; echo "--> no problems found"/' "$work/slurm/sbatch"
submit
expect 0 'evaluate: job 105'
[ "$(cut -f 2 "$RUN/slurm/jobs.tsv" | paste -sd ' ')" = '101 102 103 104 105 106' ] || fail "other numbers"
for text in '' 'Submitted batch job' '0'; do
	start_over
	cp "$work/sbatch.before" "$work/slurm/sbatch"
	sed -i "s/^echo \$((100.*/[ \$n != 3 ] || { echo '$text'; exit; }\n&/" "$work/slurm/sbatch"
	submit
	expect 1 "sbatch did not print the number of the job train alone, but '$text'"
	grep -qx 'scancel 101 102' "$work/asked" || fail "the first jobs are left"
done
echo "== an sbatch that prints another number too"
start_over
cp "$work/sbatch.before" "$work/slurm/sbatch"
# shellcheck disable=SC2016 # for the simulated sbatch
sed -i 's/^echo \$((100.*/&; [ $n != 3 ] || printf "Minutes until it starts:\\n30\\n"/' "$work/slurm/sbatch"
submit
expect 1 "sbatch did not print the number of the job train alone, but '103 Minutes until it starts: 30'"
grep -qx 'scancel 101 102' "$work/asked" || fail "the first jobs are left"
cp "$work/sbatch.before" "$work/slurm/sbatch"

echo "== a cluster without arrays"
start_over
echo 'MaxArraySize            = 0' >"$work/config"
sed -i.before 's/MaxArraySize            = 1001.n//' "$work/slurm/scontrol"
for slices in 0 ''; do
	submit SLICES=$slices
	expect 4 'this cluster has no job arrays (its MaxArraySize is 0)'
done
nothing_queued
finish prepared shards train scores
submit
expect 0 'evaluate: job 101'
mv "$work/slurm/scontrol.before" "$work/slurm/scontrol"

echo "== a partition that is not there"
start_over
echo 1 >"$work/fails"
submit
expect 1 "sbatch refuses the job prep (see above). Partition, account and limits are in SITE_OPTIONS and PREP_OPTIONS of $SITE_ENV"

echo "== a second user in the run's folder"
start_over
mkdir -p "$RUN/slurm/submit.lock" # cannot be written to, even by root
submit
expect 4 "cannot write to $RUN/slurm (owner: $(id -un)): if the run is somebody else's, give another RUN=DIR"
nothing_queued
touch "$RUN/settings"
! make -f Makefile.workflow evaluate EXEC=slurm BUILD=no >"$work/said" 2>&1 || fail "it can write there"
grep -qF "cannot write to $RUN/settings: if the run is somebody else's, give another RUN=DIR" "$work/said" || fail "no reason"

echo "== only tasks that are not done"
arrays_of() { sed -n "s/^sbatch .*--array=\([^ ]*\) .*$1.sbatch\$/\1/p" "$work/asked"; }
start_over
make -q -f Makefile.workflow EXEC=local BUILD=no LIST=no "$RUN/evaluation/DONE" >/dev/null 2>&1 || true # copies the settings
finish_tasks prepared 0 3
submit
expect 0 'prep: the other tasks are done, so only these are queued: 1-2'
[ "$(arrays_of prep) $(arrays_of score)" = '1-2 0-3' ] || fail "other tasks"
[ "$(awk '{print $3}' "$RUN/slurm/jobs.tsv" | paste -sd ';')" = '1-2;;;0-3;;' ] || fail "jobs.tsv has other tasks"
only() { # TASKS NAME=VALUE...: fails unless these tasks of prep are submitted
	local tasks=$1
	shift
	: >"$work/asked"
	submit "$@"
	[ "$(arrays_of prep)" = "$tasks" ] || fail "not $tasks"
}
only 0-3 OVERWRITE=yes
only 0-3 SLICES=100
echo "prep-1234 25 0" >"$RUN/prepared/tasks/0000-of-0004/DONE"
echo "prep-1234 25 2" >"$RUN/prepared/tasks/0003-of-0004/DONE"
only 1-3 # two videos of task 3 failed
touch -d '+1 hour' "$RUN/settings/prep.ini"
only 0-3
touch -d '-1 hour' "$RUN/settings/prep.ini"
only 1-3
touch -d '+1 hour' "$RUN/videos.tsv"
only 0-3
touch -d '-1 hour' "$RUN/videos.tsv"
finish_tasks prepared 1 2
echo "prep-1234 25 0" >"$RUN/prepared/tasks/0003-of-0004/DONE"
only 0-3 # only prepared/DONE is missing
finish prepared shards train
finish_tasks scores 2
: >"$work/asked"
submit
[ "$(arrays_of score)" = 0-1,3 ] || fail "other tasks of score"

echo "== the site's limit on tasks of an array, and the partition's quality of service"
start_over
echo 'SchedulerParameters     = bf_interval=30,max_array_tasks=7,default_queue_depth=100' >"$work/config"
submit TASKS=8
expect 2 "TASKS=8: this cluster's arrays hold at most 7 tasks (its max_array_tasks)"
submit TASKS=8 SLICES=100
expect 0 "TASKS=8 is made 7, this cluster's max_array_tasks"
start_over
printf 'PartitionName=main Default=YES QoS=N/A\nPartitionName=gpu Default=NO QoS=gpus\n' >"$work/partitions"
printf 'qos format=MaxSubmitJobsPerUser 30\n' >"$work/accounting"
echo 'SITE_OPTIONS=(-p gpu,main -q fast)' >>"$SITE_ENV"
submit TASKS=14
expect 2 'MaxSubmitJobsPerUser of QOS'
grep -qx "sacctmgr .* qos where name=gpus format=.*" "$work/accounted" || fail "another QOS"
cp "$work/site.before" "$SITE_ENV"

echo "== a site that preempts, and slow saves"
start_over
submit
! grep -q '^note:' "$work/said" || fail "a note without a reason"
mkdir -p "$RUN/train"
start='{"host":"n1","job":"7","ranks":512,"eligible_s":0.0,"first_step":100,"step":200,"seconds":{"start":9,"steps":800,"data":150.5,"ranks":49.5,"validation":1,"saves":640},"saves":[{"step":150,"seconds":{"steps":4,"saves":20}},{"step":160,"seconds":{"steps":8,"saves":340}},{"step":200,"seconds":{"steps":9,"saves":630}}]}'
printf '%s\n%s\n' "$start" '{"host":"n1","first_step":-1,"step":-1,"seconds":{"steps":0,"saves":0},"saves":[]}' >"$RUN/train/starts.jsonl"
submit
expect 0 "note: a step and a save took 331 s before, but training is asked to stop only 300 s before its time limit: add --signal=B:USR1@662 to TRAIN_OPTIONS in $SITE_ENV"
echo 'TRAIN_OPTIONS=(-p low --signal=B:USR1@700)' >>"$SITE_ENV"
submit
! grep -q '^note:' "$work/said" || fail "a note without a reason"
printf 'PartitionName=main Default=YES GraceTime=0 PreemptMode=OFF\nPartitionName=low GraceTime=30 PreemptMode=REQUEUE\n' >"$work/partitions"
echo 'PreemptType             = preempt/partition_prio' >"$work/config"
submit
expect 0 'note: Slurm may preempt jobs of partition low, 30 s after it has told them (GraceTime), but a step and a save take 331 s'
rm "$RUN/train/starts.jsonl"
submit
expect 0 '30 s after it has told them (GraceTime), but a step and a save take perhaps 60 s'
cp "$work/partitions" "$work/partitions.before"
for tiers in '1 9' '9 9' '9 1'; do # of low and of main: only a higher tier preempts
	printf 'PartitionName=main Default=YES GraceTime=0 PriorityTier=%s PreemptMode=REQUEUE\nPartitionName=low GraceTime=30 PriorityTier=%s PreemptMode=REQUEUE\n' \
		"${tiers#* }" "${tiers% *}" >"$work/partitions"
	submit
	[ "$(grep -c '^note: Slurm may preempt jobs of partition low, 30 s' "$work/said")" = "$([ "$tiers" = '1 9' ] && echo 1 || echo 0)" ] ||
		fail "tiers $tiers: $(cat "$work/said")"
done
cp "$work/partitions.before" "$work/partitions"
echo 'PreemptType             = preempt/qos' >"$work/config"
echo 'qos format=GraceTime 00:02:00' >"$work/accounting"
submit
! grep -q '^note:' "$work/said" || fail "a note without a reason"
echo 'qos format=GraceTime 00:00:20' >"$work/accounting"
submit
expect 0 'partition low, 20 s after'
cp "$work/site.before" "$SITE_ENV"
submit
! grep -q '^note:' "$work/said" || fail "jobs of main are not preempted"

echo "== status knows the tasks and the way to pack of the submission"
start_over
submit TASKS=3 PACK=groups
TASKS=9 slurm/status.sh >"$work/said" || fail "no status"
grep -qE '^pack +101 +ended +0 of 3 tasks' "$work/said" || fail "other tasks"
: >"$work/asked"
submit TASKS=3 SLICES=100 PACK=groups
slurm/status.sh >"$work/said" || fail "no status"
grep -qE '^pack +101 +ended +- ' "$work/said" || fail "a number of slices before the first task has begun"
mkdir -p "$RUN/shards/leases"
echo 3 >"$RUN/shards/leases/slices"
slurm/status.sh >"$work/said" || fail "no status"
grep -qE '^pack +101 +ended +0 of 3 slices' "$work/said" || fail "other slices"
# shellcheck disable=SC2016
printf 'tasks = x[$(touch "$RUN/obeyed")0]\npack = a;b\n' >"$RUN/slurm/chain"
TASKS=9 slurm/status.sh >"$work/said" || fail "no status"
grep -qE '^prep ' "$work/said" || fail "a wrong way to pack is obeyed"
[ ! -e "$RUN/obeyed" ] || fail "a command in a file of the run was run"

echo "== tasks that Slurm counts as complete and never started"
start_over
submit
finish_tasks prepared 0 2
touch "$RUN"/slurm/reel3d-prep-101_{0,1,2}.log
printf '#!/bin/sh\n:\n' >"$work/slurm/sleep"
chmod +x "$work/slurm/sleep"
! SLURM_JOB_NAME=reel3d-pack SLURM_JOB_ID=102 bash slurm/pack.sbatch >"$RUN/slurm/reel3d-pack-102.log" 2>&1 || fail "pack went on"
rm "$work/slurm/sleep"
missing="prepared/DONE is not there: that stage did not finish; no result of prep tasks 1,3; Slurm never started prep tasks 3 (no log)"
grep -qF "$missing" "$RUN/slurm/reel3d-pack-102.log" || fail "$(cat "$RUN/slurm/reel3d-pack-102.log")"
SLURM_JOB_ID=106 bash slurm/end.sbatch >"$work/said"
grep -qF "$missing" "$work/said" || fail "not said at the end"
grep -q '^Slurm never started prep tasks 3 (no log)' "$work/said" || fail "not said at the end"
! grep -q 'never started train' "$work/said" || fail "a job that was cancelled is named"
finish prepared
touch -d '+1 hour' "$RUN/prepared/DONE"
rm "$RUN/slurm/reel3d-pack-102.log"
SLURM_JOB_ID=106 bash slurm/end.sbatch >"$work/said"
grep -q '^Slurm never started pack (no log)' "$work/said" || fail "one job is not named"

echo "== tasks that share the work have no results of their own"
start_over
submit SLICES=100
touch "$RUN"/slurm/reel3d-prep-101_{0,1,2,3}.log
printf '#!/bin/sh\n:\n' >"$work/slurm/sleep"
chmod +x "$work/slurm/sleep"
! SLURM_JOB_NAME=reel3d-pack SLURM_JOB_ID=102 bash slurm/pack.sbatch >"$RUN/slurm/reel3d-pack-102.log" 2>&1 || fail "pack went on"
rm "$work/slurm/sleep"
grep -qx '[^;]*prepared/DONE is not there: that stage did not finish' "$RUN/slurm/reel3d-pack-102.log" || fail "$(cat "$RUN/slurm/reel3d-pack-102.log")"

echo "== jobs that Slurm has forgotten"
start_over
submit
mkdir "$RUN/slurm/failures"
rm -r "$RUN/slurm/failures"
echo 'JobId=103 JobState=CANCELLED Reason=None' >"$work/jobs"
SLURM_JOB_ID=106 bash slurm/end.sbatch >"$work/said"
grep -qx 'train: job 103: 1 CANCELLED' "$work/said" || fail "what Slurm knows"
grep -qx 'score: job 104: no longer known to Slurm' "$work/said" || fail "what Slurm has forgotten"
printf 'NODE_FAIL\nCANCELLED by 0\nCANCELLED by 7\n' >"$work/sacct"
SLURM_JOB_ID=106 bash slurm/end.sbatch >"$work/said"
grep -qx 'score: job 104: 2 CANCELLED,1 NODE_FAIL' "$work/said" || fail "what the accounting knows"

echo "== what a job makes of signals"
cat >"$work/told.sbatch" <<'END'
. slurm/job.sh
kill -"$1" $$
echo "heard: ${asked:+asked}${cancelled:+cancelled}${requeued:+requeued}"
END
hears() { # WHAT SIGNAL LINE: fails unless the job, of which scontrol prints the line, takes the signal for WHAT
	echo "JobId=12_1 $3" >"$work/jobs"
	SLURM_JOB_NAME=reel3d-prep SLURM_JOB_ID=12 SLURM_ARRAY_JOB_ID=12 SLURM_ARRAY_TASK_ID=1 SLURM_RESTART_COUNT=1 \
		bash "$work/told.sbatch" "$2" >"$work/said" 2>&1 || true
	grep -qx "heard: $1" "$work/said" || fail "$2 is not $1"
}
usual='Requeue=1 Restarts=1 StartTime=2026-11-30T10:18:18'
for signal in USR1 USR2 INT HUP XCPU; do hears asked $signal "JobState=RUNNING Reason=None $usual"; done
hears cancelled TERM "JobState=COMPLETING Reason=None $usual PreemptEligibleTime=2026-11-30T10:18:18 PreemptTime=None"
hears asked TERM "JobState=RUNNING Reason=None $usual PreemptTime=None"
hears asked TERM "JobState=COMPLETING Reason=TimeLimit $usual PreemptTime=None"
hears asked TERM "JobState=COMPLETING Reason=None $usual PreemptTime=2026-11-30T10:18:33"
own_log=$RUN/slurm/reel3d-prep-12_1.log
# shellcheck disable=SC2016 # the job reads the variable
sed -i 's/^kill -/[ -z "${SLURM_SAYS:-}" ] || echo "slurmstepd-n1: error: *** $SLURM_SAYS ***" >>"$log"\n&/' "$work/told.sbatch"
told='JobState=COMPLETING Reason=None Requeue=1 Restarts=1 PreemptTime=2026-11-30T10:18:33'
echo 'slurmstepd: error: *** JOB 13 ON n1 CANCELLED AT 2026-11-30T09:00:00 ***' >"$own_log" # by an earlier start
SLURM_SAYS='JOB 13 ON n1 CANCELLED AT 2026-11-30T10:18:33 DUE TO PREEMPTION' hears asked TERM "$told"
SLURM_SAYS='STEP 13.0 ON n1 CANCELLED AT 2026-11-30T10:18:33' hears asked TERM "$told"
SLURM_SAYS='JOB 13 ON n1 CANCELLED AT 2026-11-30T10:18:33' hears cancelled TERM "$told"
# shellcheck disable=SC2016 # the job reads the variable
sed -i 's/^kill -/yes "a line of a tool" | head -n 100000 >>"$log" || true\n&/' "$work/told.sbatch" # after Slurm's line
SLURM_SAYS='JOB 13 ON n1 CANCELLED AT 2026-11-30T10:18:33' hears cancelled TERM "$told"
rm "$own_log"
hears requeued TERM "JobState=COMPLETING Reason=None Requeue=1 Restarts=2 StartTime=2026-11-30T10:18:41"
touch "$work/silent"
hears cancelled TERM 'JobState=RUNNING'
echo "sites are checked"
