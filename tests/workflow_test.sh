#!/usr/bin/env bash
# Tests Makefile.workflow with real tools: changed settings are noticed from the first run on, and misspelt
# settings are reported. Usage: tests/workflow_test.sh BIN_DIR
set -euo pipefail
bin=$1
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
configs=$work/configs
mkdir "$configs"

workflow() {
	status=0
	make -f Makefile.workflow EXP=settings RUN="$work/run" CONFIGS="$configs" VIDEOS="$work/videos" BUILD=no BIN="$bin" \
		"$@" >"$work/said" 2>&1 || status=$?
}
expect() { # STATUS TEXT: fails unless the last make ended with STATUS and printed TEXT
	if [ "$status" != "$1" ] || ! grep -qF -e "$2" "$work/said"; then
		echo "line ${BASH_LINENO[0]}: status $status, wanted $1 with '$2':"
		cat "$work/said"
		exit 1
	fi
}
expect_height() {
	grep -qx "height = $1" "$work/run/prepared/settings.ini" || {
		echo "line ${BASH_LINENO[0]}: height is not $1"
		exit 1
	}
}

"$bin/make-demo-videos" --videos-per-class 1 "$work/videos" >/dev/null

echo "height = 32" >"$configs/prep.ini"
workflow -n prep
[ ! -e "$work/run" ] || { echo "make -n wrote something" && exit 1; }
workflow prep
expect 0 "8 prepared"
workflow prep
[ "$(grep -c prep-videos "$work/said")" = 0 ] || { echo "nothing had changed" && exit 1; }
echo "height = 48" >"$configs/prep.ini"
workflow prep
expect 2 "was made with other settings ('height = 32' there, 'height = 48' now)"
workflow prep OVERWRITE=yes
expect 0 "8 prepared"
expect_height 48
rm "$configs/prep.ini"
workflow prep
expect 2 "'height = 48' there, 'height = 360' now"
workflow prep OVERWRITE=yes
expect_height 360

workflow -n train STAGE_TO="$work/the stage"
expect 0 "train-r3d --stage-to '$work/the stage' "
workflow -n train
! grep -q stage-to "$work/said" || { echo "shards are copied though nobody asked for it" && exit 1; }

for odd in "my run" "a:b" "a\$\$b"; do
	workflow prep RUN="$work/$odd"
	expect 2 "make takes no path with spaces or special characters there"
done
[ ! -e "$work/my" ] || { echo "half of a name was made" && exit 1; }
mv "$work/videos" "$work/my videos"
workflow list RUN="$work/spaces" VIDEOS="$work/my videos"
expect 0 "all "
mv "$work/my videos" "$work/videos"

(cd "$work/videos" && echo path,label,split && find . -name '*.mp4' -o -name '*.mkv' -o -name '*.avi' | sed 's/.*/&,moving,train/') >"$work/mine.csv"
echo "gone.mp4,moving,val" >>"$work/mine.csv"
workflow list RUN="$work/annotated" ANNOTATIONS="$work/mine.csv" FORMAT=csv CLASS_ORDER=annotation
expect 0 "format csv, classes in the order of first appearance in the training rows"
grep -q "^gone	moving	validation	" "$work/annotated/videos.missing.tsv"

# Preparing and packing in one stage gives the shards of the two stages. It reads both files of settings.
printf 'height = 48' >"$configs/prep.ini"
printf 'group-videos = 3\n' >"$configs/pack.ini"
mkdir "$work/scratch 1"
workflow pack PACK=group
expect 2 "PACK=group: must be groups or steps"
workflow pack RUN="$work/steps"
expect 0 "8 of 8 videos packed"
for slices in "" 5; do
	workflow pack RUN="$work/groups$slices" PACK=groups SCRATCH="$work/scratch 1" SLICES=$slices
	expect 0 "of 3 groups (0 kept)"
	for file in "$work"/steps/shards/{*.h5,*.tsv,index.bin,DONE}; do
		cmp "$file" "$work/groups$slices/shards/$(basename "$file")"
	done
done
[ -z "$(ls -A "$work/scratch 1")" ] || { echo "prepared videos stay" && exit 1; }
workflow pack RUN="$work/groups"
[ "$(grep -c pack- "$work/said")" = 0 ] || { echo "nothing had changed" && exit 1; }
workflow pack RUN="$work/groups" PACK=steps
expect 2 "is packed in groups: give another RUN, or remove $work/groups/shards"
workflow prep RUN="$work/groups"
expect 2 "with PACK=groups the videos are prepared and packed in one stage: make pack"
printf 'height = 48\nthreads = 1' >"$configs/prep.ini"
printf 'group-videos = 3\n threads=1 # no more\n' >"$configs/pack.ini"
workflow pack RUN="$work/groups"
expect 2 "pack.ini: both set threads: with PACK=groups one stage reads both, so leave it in one of them"
printf 'group-videos = 3\n' >"$configs/pack.ini"
printf 'height = 64' >"$configs/prep.ini"
workflow pack RUN="$work/groups"
expect 2 "was made with other settings ('height = 48' there, 'height = 64' now)"
workflow pack RUN="$work/groups" OVERWRITE=yes
expect 0 "of 3 groups (0 kept)"
rm "$configs"/{prep,pack}.ini

# An interrupted make leaves the target, which another task may have made meanwhile.
mkdir "$work/bin"
ln -s "$bin"/* "$work/bin/"
rm "$work/bin/prep-videos"
# shellcheck disable=SC2016 # the stand-in's own parameters
printf '#!/bin/sh\nmkdir "$2"\ntouch "$2/DONE"\nexec sleep 60\n' >"$work/bin/prep-videos"
chmod +x "$work/bin/prep-videos"
make -f Makefile.workflow EXP=settings RUN="$work/asked" CONFIGS="$configs" VIDEOS="$work/videos" BUILD=no BIN="$work/bin" prep \
	>"$work/said" 2>&1 &
for ((i = 0; i < 600; i++)); do [ ! -e "$work/asked/prepared/DONE" ] || break && sleep 0.1; done
kill -TERM $!
wait $! || true
[ -e "$work/asked/prepared/DONE" ] || { cat "$work/said" && echo "an interrupted make removed DONE" && exit 1; }

touch "$configs/trian.ini"
workflow prep
expect 2 "trian.ini: settings of no stage"
workflow prep CONFIGS="$work/none"
expect 0 "there is no $work/none: all settings are the defaults"
echo "settings are noticed"
