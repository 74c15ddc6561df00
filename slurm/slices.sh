#!/usr/bin/env bash
# Says into how many slices the work of a stage is cut if its tasks share it and SLICES does not say it
# (docs/howto/share_the_work.md). The tools cut it into fewer if it has fewer pieces. chain.sh sources this file.
#
#   slurm/slices.sh FOLDER PROCESSES VIDEOS.tsv     prints the number for a stage that writes FOLDER

# slices_in FOLDER prints into how many slices an unfinished stage is cut; nothing if it is not. Anybody may
# have written the file, and bash would run a command in a text that it takes for a number.
slices_in() {
	local file=$1/leases/slices
	[ ! -f "$file" ] || head -c 64 "$file" 2>/dev/null | LC_ALL=C grep -axE -m 1 '[1-9][0-9]{0,6}' || true
}

# count_videos VIDEOS.tsv prints the number of its rows; 0 if it has none.
count_videos() {
	local lines
	lines=$(wc -l <"$1")
	echo $((lines > 0 ? lines - 1 : 0))
}

# default_slices PROCESSES VIDEOS prints the number of slices for so many processes and videos.
default_slices() {
	# The last process ends at most about a sixteenth of its time after the first. More slices would burden the
	# file system: each process looks at the files of all of them.
	local each=16 of_processes
	# Processes may be added later, so few processes have slices of at most so many videos: some minutes of prep.
	local videos_in_slice=500 most_by_videos=10000 of_videos
	local most=1000000 # that the tools take
	of_processes=$((each * $1))
	of_videos=$((($2 + videos_in_slice - 1) / videos_in_slice))
	((of_videos <= most_by_videos)) || of_videos=$most_by_videos
	((of_processes >= of_videos)) || of_processes=$of_videos
	((of_processes >= each)) || of_processes=$each
	echo $((of_processes <= most ? of_processes : most))
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	set -euo pipefail
	number=$(slices_in "$1")
	echo "${number:-$(default_slices "$2" "$(count_videos "$3")")}"
fi
