#!/usr/bin/env bash
# Evaluates an experiment on each of three splits, and makes the table of their accuracies.
#
#   configs/splits.sh RUN_DIR [folders]      called by `make -f Makefile.workflow splits EXP=NAME VIDEOS=DIR ANNOTATIONS=DIR`
#
# Runs go to RUN_DIR/split-1 to -3, which share RUN_DIR/prepared. Splits that are finished do not run
# again. The table goes to RUN_DIR/splits.txt and splits.tsv. Without EXP only the table is made; with
# `folders` only the folders.
set -euo pipefail
cd "$(dirname "$0")/.."
run=${1:?usage: configs/splits.sh RUN_DIR}

workflow() { # TARGET SPLIT
	"${MAKE:-make}" --no-print-directory -f Makefile.workflow "$1" "SPLIT=$2" "RUN=$run/split-$2"
}
figure() { # SPLIT KEY
	sed -n "s/^ *\"$2\": *\([0-9.e-]*\),*$/\1/p" "$run/split-$1/evaluation/metrics.json"
}
# Prints the two ends of the interval, which metrics.json has on two lines.
interval() { # SPLIT
	grep -A 2 '"video_top1_interval_95"' "$run/split-$1/evaluation/metrics.json" | tail -n 2 | tr -d ' ,' | paste -sd' '
}

make_folders() {
	mkdir -p "$run/prepared"
	for split in 1 2 3; do
		mkdir -p "$run/split-$split"
		[ -e "$run/split-$split/prepared" ] || ln -s ../prepared "$run/split-$split/prepared"
	done
}

if [ "${2:-}" = folders ]; then
	make_folders
	exit
fi
if [ -n "${EXP:-}" ]; then
	make_folders
	for split in 1 2 3; do
		workflow prep $split
	done
	for split in 1 2 3; do
		workflow evaluate $split
	done
fi
for split in 1 2 3; do
	[ -e "$run/split-$split/evaluation/DONE" ] || {
		echo "splits: $run/split-$split has no evaluation: run make -f Makefile.workflow splits" >&2
		exit 3
	}
done

{
	printf 'split\tvideo_top1\tlow\thigh\tvideo_top5\n'
	for split in 1 2 3; do
		read -r low high < <(interval $split)
		printf '%d\t%s\t%s\t%s\t%s\n' $split "$(figure $split video_top1)" "$low" "$high" "$(figure $split video_top5)"
	done
} | awk -F '\t' -v OFS='\t' '
	{ print }
	NR > 1 { top1 += $2; squares += $2 * $2; top5 += $5 }
	# Student t of two degrees of freedom, 95 %.
	END {
		mean = top1 / 3; variance = (squares - 3 * mean * mean) / 2; half = 4.3027 * sqrt((variance > 0 ? variance : 0) / 3)
		print "mean", mean, (mean > half ? mean - half : 0), (mean + half < 1 ? mean + half : 1), top5 / 3
	}' >"$run/splits.tsv.part"
mv "$run/splits.tsv.part" "$run/splits.tsv"
awk -F '\t' '
	NR == 1 { printf "%-6s%12s%12s   %s\n", "split", "video top-1", "video top-5", "95 % interval of top-1"; next }
	$1 == "mean" && $3 == $4 { printf "%-6s%10.1f %%%10.1f %%   none: the splits are equal\n", $1, 100 * $2, 100 * $5; next }
	{ printf "%-6s%10.1f %%%10.1f %%   %.1f - %.1f %%\n", $1, 100 * $2, 100 * $5, 100 * $3, 100 * $4 }
	END { print "The interval of a split is a bootstrap over its videos; that of the mean is Student'"'"'s t over three splits." }
' "$run/splits.tsv" >"$run/splits.txt.part"
mv "$run/splits.txt.part" "$run/splits.txt"
cat "$run/splits.txt"
