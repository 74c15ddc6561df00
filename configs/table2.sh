#!/usr/bin/env bash
# Shows the results of runs beside the published figures, in per cent; - means that there is no figure.
#
#   configs/table2.sh [RUNS_DIR]      default: run
#
# A run is RUNS_DIR/NAME/evaluation, or RUNS_DIR/NAME/splits.tsv for data sets of three splits, where
# NAME is one of configs/experiments.tsv. Published figures are those of configs/published_results.tsv.
set -euo pipefail
here=$(dirname "$0")
runs=${1:-run}
[ -e "$runs" ] || echo "table2: there is no $runs yet, so no run is shown" >&2

# Prints: NAME subset top1 top5 average low high, tab-separated, fractions; nothing without a result.
results_of() { # NAME
	local metrics=$runs/$1/evaluation/metrics.json splits=$runs/$1/splits.tsv
	if [ -e "$splits" ]; then
		awk -F '\t' -v OFS='\t' -v name="$1" '$1 == "mean" { print name, "mean of splits 1-3", $2, $5, ($2 + $5) / 2, $3, $4 }' "$splits"
	elif [ -e "$runs/$1/evaluation/DONE" ]; then
		awk -v OFS='\t' -v name="$1" '
			function value() { gsub(/[",]/, "", $2); return $2 }
			$1 == "\"subset\":" { subset = value() }
			$1 == "\"video_top1\":" { top1 = value() }
			$1 == "\"video_top5\":" { top5 = value() }
			$1 == "\"video_average\":" { average = value() }
			$1 == "\"video_top1_interval_95\":" { getline low; getline high; gsub(/[ ,]/, "", low); gsub(/[ ,]/, "", high) }
			END { print name, subset, top1, top5, average, low, high }' "$metrics"
	fi
}

{
	while IFS=$'\t' read -r name _; do
		results_of "$name"
	done < <(tail -n +2 "$here/experiments.tsv")
} | awk -F '\t' '
	function percent(fraction) { return fraction == "" ? "-" : sprintf("%.1f", 100 * fraction) }
	function show(row, subset) {
		result = name[row] SUBSEP subset; published = origin[row] SUBSEP model[row] SUBSEP set[row] SUBSEP subset
		printf "%-28s%-28s%-20s", name[row], model[row], subset
		for (i = 1; i <= 3; ++i) printf (i < 3 ? "%8s" : "%9s"), (published, metric[i]) in said ? said[published, metric[i]] : "-"
		printf "  |"
		for (i = 1; i <= 3; ++i) printf (i < 3 ? "%8s" : "%9s"), percent(here[result, i])
		print "   " (here[result, 4] == "" ? "-" : percent(here[result, 4]) " - " percent(here[result, 5]))
	}
	BEGIN { metric[1] = "top1"; metric[2] = "top5"; metric[3] = "average" }
	FILENAME == ARGV[1] && FNR > 1 { ++rows; name[rows] = $1; origin[rows] = $3; model[rows] = $4; set[rows] = $5; next }
	FILENAME == ARGV[2] && FNR > 1 {
		sub(/^video /, "", $5)
		if ($5 != "top1" && $5 != "top5" && $5 != "average") next
		said[$1, $2, $3, $4, $5] = $6
		subsets[$1, $2, $3] = subsets[$1, $2, $3] (index(subsets[$1, $2, $3], "\t" $4 "\t") ? "" : "\t" $4 "\t")
		next
	}
	FILENAME == "-" { for (i = 1; i <= 5; ++i) here[$1, $2, i] = $(i + 2); own[$1] = $2 }
	END {
		printf "%-76s%25s  |%25s\n", "", "published", "here"
		printf "%-28s%-28s%-20s%8s%8s%9s  |%8s%8s%9s   %s\n", "experiment", "model", "subset", "top-1", "top-5", "average",
			"top-1", "top-5", "average", "95 % interval of top-1"
		for (row = 1; row <= rows; ++row) {
			known = subsets[origin[row], model[row], set[row]]
			n = split(known, each, "\t+")
			ran = name[row] in own
			shown = 0
			for (j = 1; j <= n; ++j) if (each[j] != "") { show(row, each[j]); shown = shown || !ran || each[j] == own[name[row]] }
			if (!shown && ran) { show(row, own[name[row]]); shown = 1 }
			if (!shown && known == "") show(row, "validation")
		}
		print "A video average is (top-1 + top-5) / 2. Sources of the published figures: configs/published_results.tsv"
	}' "$here/experiments.tsv" "$here/published_results.tsv" -
