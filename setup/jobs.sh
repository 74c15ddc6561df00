#!/usr/bin/env bash
# jobs.sh [ROOT]: prints how many compilers may run at a time. That is one for each core that this
# process may use. It is fewer if a control group (version 1 or 2) limits processor time, or if memory
# has no room for 1.5 GB each. lib/base/host.h does the same for the tools. ROOT (default /) is the
# folder that holds proc and sys.
set -euo pipefail
root=${1:-}
kilobytes_each=1572864

# folders CONTROLLER prints the folders of the process's control group and of the groups above it. The
# controller '' means version 2.
folders() {
	local group top
	group=$(awk -F : -v name="$1" '
		name == "" ? $2 == "" : ("," $2 ",") ~ ("," name ",") {sub(/^[^:]*:[^:]*:/, ""); print; exit}
	' "$root/proc/self/cgroup" 2>/dev/null) || return 0
	top=$root/sys/fs/cgroup${1:+/$1}
	while :; do
		case $group in
		*..*) group= ;; # in a container, a group outside of what the container sees
		esac
		echo "$top$group"
		[ -n "${group#/}" ] || break
		group=${group%/*}
	done
}

# least VALUE... prints the smallest of the values that are numbers.
least() { printf '%s\n' "$@" | awk '/^[0-9]+$/ && (least == "" || $1 < least) {least = $1} END {print least}'; }

# quota QUOTA PERIOD prints the number of cores that this quota allows, rounded up.
quota() { awk -v quota="${1:-}" -v period="${2:-}" 'BEGIN {
	if (quota + 0 > 0 && period + 0 > 0) print int((quota + period - 1) / period)}'; }

read_file() { [ ! -r "$1" ] || cat "$1"; }

limits=("$(nproc)")
memory=("$(awk '$1 == "MemTotal:" {print $2}' "$root/proc/meminfo" 2>/dev/null || true)")
while read -r folder; do
	# shellcheck disable=SC2046 # two words
	limits+=("$(quota $(read_file "$folder/cpu.max"))")
	memory+=("$(read_file "$folder/memory.max" | awk '/^[0-9]+$/ {printf "%.0f", $1 / 1024}')")
done < <(folders '')
while read -r folder; do
	limits+=("$(quota "$(read_file "$folder/cpu.cfs_quota_us")" "$(read_file "$folder/cpu.cfs_period_us")")")
done < <(folders cpu)
while read -r folder; do
	memory+=("$(read_file "$folder/memory.limit_in_bytes" | awk '{printf "%.0f", $1 / 1024}')")
done < <(folders memory)
available=$(least "${memory[@]}")
limits+=("$((${available:-$kilobytes_each} / kilobytes_each))")
jobs=$(least "${limits[@]}")
echo "$((jobs > 0 ? jobs : 1))"
