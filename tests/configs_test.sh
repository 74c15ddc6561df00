#!/usr/bin/env bash
# Tests the settings in configs/: tools accept every key, and a comment gives the source of every key. Published
# experiments can be rehearsed, also after an interruption, and their results stand beside the published figures.
# Usage: tests/configs_test.sh BIN_DIR
set -euo pipefail
bin=$(realpath "$1")
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
declare -A tool=([videos]=make-demo-videos [list]=list-videos [prep]=prep-videos [pack]=pack-shards
	[train]=train-r3d [score]=score-videos [evaluate]=evaluate-scores)

fail() {
	echo "$1"
	[ ! -e "$work/said" ] || cat "$work/said"
	exit 1
}
# Prints the keys of a settings file that have no comment above. "each": every key needs its own comment.
# "group": one comment is enough for a group of keys.
without_source() { # FILE each|group
	awk -v mode="$2" -v file="$1" '
		/^#/ { told = 1; next }
		/^$/ { told = 0; next }
		{ if (!told) print file ": line " FNR " has no source: " $0; if (mode == "each") told = 0 }' "$1"
}

# --- every key ---------------------------------------------------------------------------------------
mapfile -t published < <(tail -n +2 configs/experiments.tsv | cut -f 1)
for file in configs/*/*.ini; do
	folder=$(basename "$(dirname "$file")") stage=$(basename "$file" .ini) mode=group
	[ "$folder" != recipes ] || stage=train
	[ -n "${tool[$stage]:-}" ] || fail "$file: settings of no stage"
	more=()
	! grep -q '^format = ' "$file" || more=(--annotations "$work")
	"$bin/${tool[$stage]}" --config "$file" "${more[@]}" --print-config >"$work/said" 2>&1 || fail "$file is refused"
	[[ " ${published[*]} " != *" $folder "* ]] || mode=each
	without_source "$file" $mode >>"$work/sources"
done
rm -f "$work/said"
[ ! -s "$work/sources" ] || fail "$(cat "$work/sources")"
printf '# a\nx = 1\ny = 2\n' >"$work/bad.ini"
[ "$(without_source "$work/bad.ini" each | wc -l)" = 1 ] || fail "a key without a source is not found"

# --- the settings that a submission reads ------------------------------------------------------------
# reads STAGE KEY VALUE TOOL OPTION...: fails unless slurm/pieces.sh reads this value from what the tool prints.
reads() {
	local found
	found=$(
		. slurm/chain.sh && . slurm/pieces.sh
		settings[$1]=$("$bin/$4" "${@:5}" --print-config)
		setting "$1" "$2"
	)
	[ "$found" = "$3" ] || fail "$2 of $4 is '$found' in place of $3"
}
printf 'group-videos = 7 # a comment\n' >"$work/pack.ini"
printf 'videos-per-part = 9\nsubset = testing\n' >"$work/score.ini"
reads pack group-videos 1000 pack-videos
reads pack group-videos 7 pack-videos --config "$work/pack.ini"
reads score videos-per-part 256 score-videos
reads score videos-per-part 9 score-videos --config "$work/score.ini"
reads score subset validation score-videos
reads score subset testing score-videos --config "$work/score.ini"

# --- the table of experiments ------------------------------------------------------------------------
while IFS=$'\t' read -r name _ origin model set; do
	for stage in list prep train; do
		[ -e "configs/$name/$stage.ini" ] || fail "configs/$name/$stage.ini is missing"
	done
	grep -q "^| $name |" docs/reference/experiments.md || fail "docs/reference/experiments.md lacks $name"
	[[ $origin = - || $origin == *figure* ]] || grep -q "^$origin	$model	$set	" configs/published_results.tsv ||
		fail "configs/published_results.tsv has no rows of '$origin', '$model', '$set'"
done < <(tail -n +2 configs/experiments.tsv)

# --- a rehearsal that is interrupted -----------------------------------------------------------------
workflow() {
	status=0
	make -f Makefile.workflow BUILD=no RUNS="$work/runs" THREADS=1 "$@" >"$work/said" 2>&1 || status=$?
}
expect() { # STATUS TEXT: fails unless the last make ended with STATUS and printed TEXT
	if [ "$status" != "$1" ] || ! grep -qF -e "$2" "$work/said"; then
		fail "line ${BASH_LINENO[0]}: status $status, wanted $1 with '$2':"
	fi
}
mkdir "$work/bin"
ln -s "$bin"/* "$work/bin/"
rm "$work/bin/score-videos"
printf '#!/bin/sh\nexit 1\n' >"$work/bin/score-videos"
chmod +x "$work/bin/score-videos"
workflow rehearse EXP=kinetics400-r3d34 BIN="$work/bin"
expect 2 "clips of 16 x 32 x 32 in place of 16 x 112 x 112; 2 epochs in place of 200"
workflow rehearse EXP=kinetics400-r3d34 BIN="$bin"
expect 0 "validation: scored 8 of 8 videos"
! grep -q "train-r3d\|prep-videos" "$work/said" || fail "finished stages ran again"
workflow rehearse EXP=kinetics400-r3d BIN="$bin"
expect 2 "EXP=kinetics400-r3d is no published experiment; there are kinetics400-r3d34 "
workflow rehearse EXP=kinetics400-r3d34 BIN="$bin" RUNS="$work/two words"
expect 2 "make takes no path with spaces"
workflow list EXP=ucf101-finetune VIDEOS="$work" BIN="$bin"
expect 2 "say which annotations: ANNOTATIONS=FILE,FILE or ANNOTATIONS=DIR, files of the format ucf101"

# --- three splits, in a folder with a blank ----------------------------------------------------------
configs/miniature.sh ucf101 "$bin" "$work/ucf 101"
for split in 1 2 3; do
	workflow list EXP=ucf101-finetune VIDEOS="$work/ucf 101/videos" ANNOTATIONS="$work/ucf 101/annotations" \
		SPLIT=$split RUN="$work/runs/split$split" BIN="$bin"
	expect 0 "validation           8         8         0"
done
! cmp -s "$work/runs/split1/videos.tsv" "$work/runs/split2/videos.tsv" || fail "two splits are the same"

# The pretrained weights are missing, so training fails. Videos are prepared before that, once for all splits.
workflow splits EXP=ucf101-finetune VIDEOS="$work/ucf 101/videos" ANNOTATIONS="$work/ucf 101/annotations" BIN="$bin"
expect 2 "run/pretrained/resnet-18-kinetics.pth"
[ "$(grep -c " 0 prepared (.* 24 already there" "$work/said")" = 2 ] || fail "splits do not share prepared videos"

evaluated() { # RUN TOP1 TOP5
	mkdir -p "$1/evaluation"
	touch "$1/evaluation/DONE"
	printf '{\n  "subset": "validation",\n  "video_top1": %s,\n  "video_top5": %s,\n  "video_average": 0.6,
  "video_top1_interval_95": [\n    0.1,\n    0.9\n  ]\n}\n' "$2" "$3" >"$1/evaluation/metrics.json"
}
runs=$work/table/ucf101-finetune
evaluated "$runs/split-1" 0.8 0.9
evaluated "$runs/split-2" 0.82 0.9
! configs/splits.sh "$runs" >"$work/said" 2>&1 || fail "two of three splits make a mean"
evaluated "$runs/split-3" 0.87 0.96
# Computed by hand: mean 0.83, standard deviation 0.036056, Student's t 4.3027 for 2 degrees of freedom.
configs/splits.sh "$runs" >"$work/said"
grep -qE '^mean +83\.0 % +92\.0 % +74\.0 - 92\.0 %$' "$work/said" || fail "the mean of three splits is wrong"

equal=$work/equal
for split in 1 2 3; do evaluated "$equal/split-$split" 0.25 0.5; done
configs/splits.sh "$equal" >"$work/said"
grep -qE '^mean +25\.0 % +50\.0 % +none: the splits are equal$' "$work/said" || fail "equal splits have an interval"

# --- results beside the published figures ------------------------------------------------------------
evaluated "$work/table/kinetics400-r3d34" 0.5123 0.7
evaluated "$work/table/kinetics400-i3d" 0.4 0.7
workflow table2 RUNS="$work/table"
expect 0 "experiment "
row() { # EXPERIMENT SUBSET FIGURES: fails unless the table has this row, with single blanks
	tr -s ' ' <"$work/said" | grep -qF "$1 $2 $3" || fail "table2 has no '$1 $2 $3'"
}
row "kinetics400-r3d34 3D ResNet-34" validation "58.0 81.3 69.7 | 51.2 70.0 60.0 10.0 - 90.0"
row "kinetics400-r3d34 3D ResNet-34" testing "- - 68.9 | - - - -"
row "kinetics400-c3d-sports1m C3D pretrained on Sports-1M" validation "55.6 79.1 67.4 | - - - -"
row "kinetics400-i3d RGB-I3D w/o ImageNet" validation "- - - | 40.0 70.0 60.0 10.0 - 90.0"
row "ucf101-finetune ResNet-18" "mean of splits 1-3" "84.4 - - | 83.0 92.0 87.5 74.0 - 92.0"
echo "settings have sources, and experiments can be rehearsed"
