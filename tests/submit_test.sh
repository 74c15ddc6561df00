#!/usr/bin/env bash
# shellcheck disable=SC2031 # a test reads site.env in subshells
# Tests slurm/submit.sh, status.sh and cancel.sh with simulated Slurm commands: what they refuse before a job is
# queued, and which jobs and files stay after a failure. Usage: tests/submit_test.sh
# shellcheck source=tests/submit_test_support.sh
. "$(dirname "$0")/submit_test_support.sh"

echo "== a chain, and the job at its end"
start_over
submit
expect 0 'evaluate: job 105'
[ "$(cut -f 1 "$RUN/slurm/jobs.tsv" | paste -sd ' ')" = 'prep pack train score evaluate end' ] || fail "other jobs"
grep -q 'afterany:101:102:103:104:105' "$work/asked" || fail "the last job does not wait for all"

echo "== a chain that ends with the page"
start_over
stage=report submit
expect 0 'report: job 106'
[ "$(cut -f 1 "$RUN/slurm/jobs.tsv" | paste -sd ' ')" = 'prep pack train score evaluate report end' ] || fail "other jobs"
grep -q -- '--dependency=afterok:105 .* --cpus-per-task=2 --time=00:30:00 .*slurm/report.sbatch$' "$work/asked" || fail "another job for the page"
: >"$work/asked"
echo 'wrong = 1' >"$CONFIGS/report.ini"
stage=report submit
expect 2 'the settings of report are refused: report-run'
[ ! -e "$RUN/slurm/.settings" ] || fail "the settings stay"
nothing_queued
rm "$CONFIGS/report.ini"
stage=repot submit
expect 2 "no stage is called 'repot'; there are prep pack train score evaluate report"

echo "== a folder for copies of shards, from the command and from the site"
start_over
submit STAGE_TO=local/mine
expect 2 'STAGE_TO=local/mine: a folder on a disk of each node; begin its path with /'
nothing_queued
submit STAGE_TO=/local/mine
[ "$(grep -c ' STAGE_TO=/local/mine .*train.sbatch' "$work/asked")" = 1 ] || fail "the folder is lost"
# shellcheck disable=SC1090 # as the job reads it
[ "$(STAGE_TO=/local/mine && . "$SITE_ENV" && echo "$STAGE_TO")" = /local/mine ] || fail "site.env overrides the command"
# shellcheck disable=SC1090
[ -z "$(STAGE_TO='' && . "$SITE_ENV" && echo "$STAGE_TO")" ] || fail "copies though nobody asked for them"
start_over
submit

echo "== a controller that cannot be asked"
echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >"$work/silent"
cp "$RUN/slurm/jobs.tsv" "$work/before"
: >"$work/asked"
submit
expect 4 'cannot ask Slurm about the jobs'
cmp "$work/before" "$RUN/slurm/jobs.tsv" || fail "jobs.tsv was changed"
nothing_queued
! slurm/cancel.sh >"$work/said" 2>&1 || fail "cancelled what is not known"
! slurm/status.sh >"$work/said" 2>&1 || fail "a status that is not known"
echo "== numbers that Slurm has forgotten, and jobs that are there"
echo 'slurm_load_jobs error: Invalid job id specified' >"$work/silent"
submit TASKS=1
expect 4 'cannot ask Slurm for its MaxArraySize'
rm "$work/silent"
printf '102 PENDING\n' >"$work/queued"
submit
expect 1 'still queued or running (102)'
nothing_queued
printf '106 RUNNING\n' >"$work/queued" # only the job at the end
submit
expect 0 'evaluate: job'
[ "$(wc -l <"$RUN/slurm/history.tsv")" = 12 ] || fail "no history of two chains"
[ "$(wc -l <"$RUN/slurm/jobs.tsv")" = 6 ] || fail "jobs of two chains"

echo "== settings of a later stage"
start_over
echo 'wrong = 1' >"$CONFIGS/score.ini"
submit
expect 2 'the settings of score are refused'
expect 2 'wrong: no such option'
nothing_queued
rm "$BIN/evaluate-scores"
echo 'right = 1' >"$CONFIGS/score.ini"
submit
expect 4 'evaluate-scores is missing'
nothing_queued
ln -s "$PWD/tests/slurm/stub_tool.sh" "$BIN/evaluate-scores"
echo "== tools for GPUs, which do not start here"
for tool in train-r3d score-videos; do
	rm "$BIN/$tool"
	printf '#!/bin/sh\necho "libcuda.so.1: cannot open shared object file" >&2\nexit 127\n' >"$BIN/$tool"
	chmod +x "$BIN/$tool"
done
rm "$CONFIGS/score.ini"
submit
expect 0 'evaluate: job'
: >"$work/asked"
echo 'right = 1' >"$CONFIGS/score.ini"
submit
expect 2 'score.ini: the settings of score are refused: libcuda.so.1: cannot open'
nothing_queued
for tool in train-r3d score-videos; do ln -sf "$PWD/tests/slurm/stub_tool.sh" "$BIN/$tool"; done
echo "== tools that site_setup names"
mv "$BIN" "$work/cuda"
cp "$SITE_ENV" "$work/site.before"
echo "site_setup() { export BIN=$work/cuda; }" >>"$SITE_ENV"
submit
expect 0 'evaluate: job'
mv "$work/cuda" "$BIN"
: >"$work/asked"
echo 'site_setup() { return 1; }' >>"$SITE_ENV"
submit
expect 4 "site_setup of $SITE_ENV fails here with status 1"
nothing_queued
cp "$work/site.before" "$SITE_ENV"
start_over
echo 'right = 1' >"$CONFIGS/score.ini"
echo "== settings that change after the submission"
submit
expect 0 'evaluate: job'
echo 'wrong = 1' >"$CONFIGS/score.ini"
snapshot=$(sed -n 's/^sbatch CONFIGS=\([^ ]*\) .*/\1/p' "$work/asked" | sort -u)
[ "$(cat "$snapshot/score.ini")" = 'right = 1' ] || fail "the jobs read $snapshot"

echo "== arrays"
start_over
submit TASKS=1002
expect 2 'TASKS=1002: this cluster'
submit ARRAY=7
expect 2 'ARRAY=7: with TASKS=4 the tasks are 0 to 3'
for list in 1-x 3-1 ',' ,1 1,,2 '1, 2' 0-3%0 '0-3%x y' 5-; do
	submit ARRAY="$list"
	expect 2 "ARRAY=$list: a list of tasks"
done
finish_tasks prepared 0 3
submit ARRAY=2 SLICES=0
expect 2 'ARRAY=2 leaves tasks undone (1)'
nothing_queued
stage=prep submit ARRAY=2 SLICES=0
expect 0 'prep: job 101'
submit ARRAY=1-2%1 SLICES=0
expect 0 'evaluate: job'
: >"$work/asked"
submit ARRAY=1-2 OVERWRITE=yes
expect 2 'leaves tasks undone (0,3)'
finish prepared
submit ARRAY=1
expect 2 'pack comes next, which is no array'
nothing_queued

echo "== more jobs than the cluster holds"
start_over
submit TASKS=1002 SLICES=9000
expect 0 'TASKS=1002 is made 1001, this cluster'
grep -q -e '--array=0-1000 ' "$work/asked" || fail "the array has another size"
start_over
echo 24 >"$work/most"
seq 4 >"$work/others"
submit TASKS=9 # 2 x 9 tasks, pack, train, evaluate and the job at the end
expect 2 'TASKS=9: 22 jobs and tasks do not fit: MaxJobCount of the cluster is 24, and 4 are queued or running already. TASKS=8 fits'
nothing_queued
submit TASKS=8
expect 0 'evaluate: job'
: >"$work/asked"
submit TASKS=9 SLICES=100
expect 0 'TASKS=9 is made 8: MaxJobCount of the cluster is 24'
[ "$(grep -c -e '--array=0-7 ' "$work/asked")" = 2 ] || fail "the arrays have other sizes"
: >"$work/asked"
submit TASKS=9 SLICES=100 OVERWRITE=yes
expect 2 'TASKS=8 fits'
submit TASKS=900 ARRAY=1-20
expect 2 'leaves tasks undone'
seq 20 >"$work/others"
submit TASKS=1 SLICES=100
expect 1 '6 jobs and tasks do not fit: MaxJobCount of the cluster is 24, and 20 are'
nothing_queued
stage=prep submit TASKS=3 ARRAY=0-1
expect 0 'prep: job'

echo "== more jobs than the accounting lets a user queue"
start_over
user=$(id -un)
cat >"$work/accounting" <<'END'
user format=DefaultAccount vision
associations format=Partition,MaxSubmitJobs,DefaultQOS |40|
associations format=Partition,MaxSubmitJobs,DefaultQOS gpu|20|short
qos format=MaxSubmitJobsPerUser 30
END
submit TASKS=14
expect 2 'MaxSubmitJobsPerUser of QOS normal is 30, and 0 are queued or running already. TASKS=13 fits'
grep -qx "sacctmgr .* associations where user=$user account=vision format=.*" "$work/accounted" || fail "another account"
cp "$SITE_ENV" "$work/site.before"
echo 'SITE_OPTIONS=(-A audio --partition=gpu)' >>"$SITE_ENV"
submit TASKS=9
expect 2 'MaxSubmitJobs of account audio is 20'
grep -qx "sacctmgr .* qos where name=short format=.*" "$work/accounted" || fail "another QOS"
echo 'SITE_OPTIONS=(--account audio -q long)' >>"$SITE_ENV"
sed -i 's/^qos .*/qos format=MaxSubmitJobsPerUser /' "$work/accounting"
submit TASKS=18
expect 0 'evaluate: job'
grep -qx "sacctmgr .* qos where name=long format=.*" "$work/accounted" || fail "another QOS"
: >"$work/asked"
submit TASKS=19
expect 2 'MaxSubmitJobs of account audio is 40'
nothing_queued
cp "$work/site.before" "$SITE_ENV"

echo "== a submission that fails midway"
start_over
echo 3 >"$work/fails"
submit
expect 1 'its jobs were cancelled: 101 102'
grep -qx 'scancel 101 102' "$work/asked" || fail "they were not cancelled"
rm "$work/fails"
: >"$work/asked"
echo 1 >"$work/fails"
cp "$RUN/slurm/jobs.tsv" "$work/before"
stat -c %y "$RUN/slurm/begun" >"$work/begun"
submit
expect 1 'QOSMaxSubmitJobPerUserLimit'
cmp "$work/before" "$RUN/slurm/jobs.tsv" || fail "jobs.tsv was changed"
cmp -s "$work/begun" <(stat -c %y "$RUN/slurm/begun") || fail "the earlier submission has another time"

echo "== two submissions at once"
start_over
touch "$work/slow"
slurm/submit.sh >/dev/null 2>&1 &
for ((i = 0; i < 100; i++)); do [ ! -s "$work/asked" ] || break && sleep 0.1; done
submit
expect 1 'another submission'
wait
echo "== and without flock"
start_over
touch "$work/slow"
printf '#!/bin/sh\nexit 71\n' >"$work/slurm/flock"
chmod +x "$work/slurm/flock"
slurm/submit.sh >/dev/null 2>&1 &
for ((i = 0; i < 100; i++)); do [ ! -s "$work/asked" ] || break && sleep 0.1; done
submit
expect 1 'another submission'
expect 1 'process '
wait
[ ! -e "$RUN/slurm/submitting" ] || fail "the lock stays"
rm "$work/slurm/flock"

echo "== everything done"
start_over
make -q -f Makefile.workflow EXEC=local BUILD=no LIST=no "$RUN/evaluation/DONE" >/dev/null 2>&1 || true # copies the settings
finish prepared shards train scores evaluation
echo 'the table' >"$RUN/evaluation/table.txt"
mkdir "$RUN/slurm" && printf 'prep\t7\n' >"$RUN/slurm/jobs.tsv"
printf 'ranks = 1\nranks-asked = 1\n' >"$RUN/train/DONE"
touch "$RUN"/{scores/DONE,measured.tsv,evaluation/DONE}
submit
expect 0 'the table'
expect 0 'train: done before, by 1 ranks, though TRAIN_OPTIONS ask for 2'
stage=report submit # the page alone is missing
expect 0 'report: job'
[ "$(cut -f 1 "$RUN/slurm/jobs.tsv" | paste -sd ' ')" = 'report end' ] || fail "other jobs than the page's"
touch "$RUN/heat.json" "$RUN/report.html"
: >"$work/asked"
stage=report submit
expect 0 'the table'
expect 0 "report       $RUN/report.html"
echo "== a table of an earlier version is made again"
printf 'id\tframes\tdata_fingerprint\nv\t7\tx\n' >"$RUN/measured.tsv"
touch "$RUN"/{evaluation/DONE,heat.json,report.html}
stage=report submit
expect 0 'evaluate: done before'
printf 'id\tframes\nv\t7\n' >"$RUN/measured.tsv"
touch "$RUN"/{evaluation/DONE,heat.json,report.html}
stage=report submit
expect 0 'evaluate: job'
make -n -f Makefile.workflow EXEC=local BUILD=no LIST=no evaluate >"$work/said" 2>&1
grep -q '/measure-videos ' "$work/said" || fail "the table is not made again"
: >"$work/asked"
: >"$RUN/measured.tsv"
touch "$RUN"/{evaluation/DONE,heat.json,report.html}
cp "$SITE_ENV" "$work/site.before"
echo 'TRAIN_OPTIONS=(-N 2 -n 8)' >>"$SITE_ENV"
printf 'ranks = 2\nranks-asked = 2\n' >"$RUN/train/DONE"
touch "$RUN"/{scores,evaluation}/DONE
submit
expect 0 'train: done before'
! grep -q 'ask for' "$work/said" || fail "options that are not understood count as one rank"
cp "$work/site.before" "$SITE_ENV"
[ -s "$RUN/slurm/jobs.tsv" ] || fail "jobs.tsv is empty"
nothing_queued

echo "== status and cancel"
start_over
submit
printf '101 RUNNING\n101 PENDING\n102 PENDING\n106 PENDING\n' >"$work/queued"
printf 'id\tpath\nvideo\nvideo\nvideo\nvideo\n' >"$RUN/videos.tsv"
mkdir -p "$RUN/prepared" "$RUN/slurm/failures"
now=$(date +%s)
touch -d "@$((now + 10))" "$RUN/prepared/a.mkv"
touch -d "@$((now + 20))" "$RUN/prepared/b.mkv"
touch -d "@$((now + 30))" "$RUN/prepared/c.mkv"
printf 'prep task 2: status 3 on n7, log x\nprep-videos: torn\n' >"$RUN/slurm/failures/prep-2"
printf 'prep\t101\t1\n' >"$RUN/slurm/restarts.tsv"
slurm/status.sh >"$work/said" || fail "no status"
grep -qE '^prep +101 +running +3 of 4 videos +1 +1 +1 +1 +360/h +0.0h$' "$work/said" || fail "other figures"
grep -q '^prep-videos: torn' "$work/said" || fail "no last error"
grep -qE '^train +103 +ended' "$work/said" || fail "no state of train"
grep -qE '^score +104 +ended +0 of 4 tasks' "$work/said" || fail "other tasks of score"
for slice in 0 3 7; do mkdir -p "$RUN/scores/tasks/000$slice-of-0009" && touch "$RUN/scores/tasks/000$slice-of-0009/DONE"; done
slurm/status.sh >"$work/said" || fail "no status"
grep -qE '^score +104 +ended +3 of 9 slices' "$work/said" || fail "other slices of score"
finish train evaluation
touch -d '-1 hour' "$RUN/evaluation/DONE"
touch -d '+1 hour' "$RUN/train/DONE"
slurm/status.sh >"$work/said" || fail "no status"
grep -qE '^train +103 +done' "$work/said" || fail "train is not done"
grep -qE '^evaluate +105 +ended' "$work/said" || fail "what an earlier submission made counts"
echo "== the end"
SLURM_JOB_ID=106 bash slurm/end.sbatch >"$work/said"
grep -q '^the first error:' "$RUN/slurm/end.txt" || fail "no first error"
rm "$RUN/slurm/failures/prep-2"
SLURM_JOB_ID=106 bash slurm/end.sbatch >"$work/said"
grep -q '^ended without an error' "$RUN/slurm/end.txt" || fail "what an earlier submission made counts at the end"
touch -d '+1 hour' "$RUN/evaluation/DONE"
SLURM_JOB_ID=7 bash slurm/end.sbatch >"$work/said"
grep -q '^ended without an error' "$RUN/slurm/end.txt" || fail "an earlier end spoke"
SLURM_JOB_ID=106 bash slurm/end.sbatch >"$work/said"
grep -q '^complete' "$RUN/slurm/end.txt" || fail "not complete"
! grep -q 'page' "$RUN/slurm/end.txt" || fail "a page that nobody asked for is missed"
echo "== a page that is older than the evaluation"
slurm/status.sh >"$work/said"
grep -qE '^report +- +not submitted$' "$work/said" || fail "a page that is not there"
touch -d '-1 hour' "$RUN/report.html"
slurm/status.sh >"$work/said"
grep -qE '^report +- +done before, but older than evaluate$' "$work/said" || fail "the page counts as one of the newest evaluation"
SLURM_JOB_ID=106 bash slurm/end.sbatch >"$work/said"
grep -q '^the page .*/report.html is older than evaluate: .* makes it again' "$RUN/slurm/end.txt" || fail "no word about the older page"
touch -d '+2 hours' "$RUN/report.html"
slurm/status.sh >"$work/said"
grep -qE '^report +- +done before$' "$work/said" || fail "a page of the newest evaluation is called old"
SLURM_JOB_ID=106 bash slurm/end.sbatch >"$work/said"
! grep -q 'page' "$RUN/slurm/end.txt" || fail "a page of the newest evaluation is called old at the end"
rm "$RUN/report.html"
echo "== the end of a chain with a page"
printf 'report\t107\nend\t106\n' >>"$RUN/slurm/jobs.tsv"
sed -i '6d' "$RUN/slurm/jobs.tsv"
mkdir -p "$RUN/slurm/failures"
printf 'report: status 2 on n7, log y\nreport-run: no space\n' >"$RUN/slurm/failures/report"
SLURM_JOB_ID=106 bash slurm/end.sbatch >"$work/said"
[ "$(head -n 1 "$RUN/slurm/end.txt")" = "complete: $RUN/evaluation" ] || fail "a page that failed makes all fail"
grep -q '^the page is missing, and everything else is done: .* tries again' "$RUN/slurm/end.txt" || fail "no word about the page"
grep -q '^report-run: no space' "$RUN/slurm/end.txt" || fail "the error of the page is missing"
grep -qE '^report +107 +failed' "$RUN/slurm/end.txt" || fail "no state of the page"
rm -r "$RUN/slurm/failures"
SLURM_JOB_ID=106 bash slurm/end.sbatch >"$work/said"
grep -qx 'report: job 107: no longer known to Slurm' "$RUN/slurm/end.txt" || fail "no state of its job"
touch "$RUN/report.html" && touch -d '+1 hour' "$RUN/report.html"
SLURM_JOB_ID=106 bash slurm/end.sbatch >"$work/said"
[ "$(sed -n 2p "$RUN/slurm/end.txt")" = "report: $RUN/report.html" ] || fail "it does not say where the page is"
grep -qE '^report +107 +done +- ' "$RUN/slurm/end.txt" || fail "the page is not done"
touch -d '+2 hours' "$RUN/evaluation/DONE" # evaluated again without Slurm
slurm/status.sh >"$work/said"
grep -qE '^report +107 +outdated +older than evaluate ' "$work/said" || fail "the page of the chain counts as one of a newer evaluation"
: >"$work/asked"
slurm/cancel.sh >"$work/said"
grep -qx 'scancel 101 102 106' "$work/asked" || fail "not all were cancelled"
rm "$work/queued"
slurm/cancel.sh >"$work/said"
grep -q 'no job of' "$work/said" || fail "nothing to cancel was not said"
echo "submissions are checked"
