#!/usr/bin/env bash
# folds.sh VIDEOS [NAME=VALUE...]: trains three times on six of the nine people and evaluates on the
# other three, so that each person is held out once. Prints the accuracy of each fold and their mean.
# The arguments after VIDEOS go to make. Results go to run/weizmann-folds; suspect_labels.tsv there has the wrongly
# answered videos of all folds, the surest answers first. No network was trained on the videos that it answers.
set -euo pipefail
videos=$(realpath "${1:?usage: folds.sh VIDEOS [NAME=VALUE...]}")
shift
cd "$(dirname "$0")/../.."

people=("daria,denis,eli" "ido,ira,lena" "lyova,moshe,shahar")
accuracies=()
for fold in 1 2 3; do
	run=run/weizmann-folds/$fold
	mkdir -p "$run/configs"
	cp configs/weizmann/*.ini "$run/configs/"
	sed -i "s/^validation-groups = .*/validation-groups = ${people[fold - 1]}/" "$run/configs/list.ini"
	SECONDS=0
	make -f Makefile.workflow evaluate EXP=weizmann RUN="$run" CONFIGS="$run/configs" VIDEOS="$videos" "$@"
	accuracy=$(sed -n 's/.*"video_top1": *\([0-9.]*\).*/\1/p' "$run/evaluation/metrics.json")
	echo "fold $fold, without ${people[fold - 1]}: video top-1 $accuracy in $SECONDS s"
	accuracies+=("$accuracy")
done
{
	head -n 1 run/weizmann-folds/1/evaluation/suspect_labels.tsv
	tail -qn +2 run/weizmann-folds/[123]/evaluation/suspect_labels.tsv | sort -t $'\t' -k4,4gr -k1,1
} >run/weizmann-folds/suspect_labels.tsv
awk 'BEGIN { for (i = 1; i < ARGC; ++i) sum += ARGV[i]; printf "mean video top-1 %.3f\n", sum / (ARGC - 1) }' \
	"${accuracies[@]}"
