#!/usr/bin/env bash
# Runs the complete pipeline on a real Slurm and without Slurm. Bytes and figures must be the same.
# shellcheck source=tests/slurm/slurm_test_support.sh
. "$REEL3D_SOURCE/tests/slurm/slurm_test_support.sh"

export BIN=$REEL3D_BIN CONFIGS=$work/configs EXP=small VIDEOS="$work/small videos" SLICES=0
last=report
[ -x "$BIN/train-r3d" ] || last=pack # a build without torch
mkdir -p "$CONFIGS"
echo 'validation-fraction = 0.25' >"$CONFIGS/list.ini"
echo 'height = 48' >"$CONFIGS/prep.ini"
cat tests/small_train.ini - <<<"epochs = 2" >"$CONFIGS/train.ini"
printf 'videos-per-part = 3\nthreads = 1\n' >"$CONFIGS/score.ini"
"$BIN/make-demo-videos" --videos-per-class 3 "$VIDEOS"

echo "== on this machine"
workflow $last RUN="$work/local"

echo "== on a cluster of three nodes"
workflow $last RUN="$work/slurm" EXEC=slurm TASKS=3
await_job "$work/slurm" end 240

cmp "$work"/{local,slurm}/videos.tsv
for prepared in "$work"/local/prepared/*.mkv; do
	cmp "$prepared" "$work/slurm/prepared/$(basename "$prepared")"
done
cmp "$work"/{local,slurm}/shards/index.tsv
cmp "$work"/{local,slurm}/shards/00000.h5
[ -e "$work/slurm/prepared/tasks/0002-of-0003/DONE" ] || fail "prep was no array of three"
if [ $last = report ]; then
	cmp "$work"/{local,slurm}/evaluation/metrics.json
	cmp "$work"/{local,slurm}/heat.json
	[ -s "$work/slurm/report.html" ] || fail "no page"
	cat "$work/slurm/slurm/end.txt"
	cat "$work/slurm/evaluation/table.txt"
fi
echo "all passed"
