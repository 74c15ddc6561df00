#!/usr/bin/env bash
# Tests setup/jobs.sh on simulated machines with different cores, memory and control groups of both versions.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH=$work/bin:$PATH
mkdir "$work/bin"
printf '#!/bin/sh\necho 64\n' >"$work/bin/nproc"
chmod +x "$work/bin/nproc"

machine() { # MEMORY_GB GROUPS: makes a machine without limits
	rm -rf "$work/root"
	mkdir -p "$work/root/proc/self" "$work/root/sys/fs/cgroup"
	echo "MemTotal: $(($1 * 1048576)) kB" >"$work/root/proc/meminfo"
	printf '%b' "$2" >"$work/root/proc/self/cgroup"
}
put() { # FILE TEXT: writes a file of the machine
	mkdir -p "$(dirname "$work/root/sys/fs/cgroup/$1")"
	echo "$2" >"$work/root/sys/fs/cgroup/$1"
}
expect() { # JOBS: fails unless jobs.sh prints this number
	local found
	found=$(setup/jobs.sh "$work/root")
	[ "$found" = "$1" ] || { echo "line ${BASH_LINENO[0]}: $found jobs instead of $1" && exit 1; }
}

machine 512 ''
expect 64
machine 6 ''
expect 4
machine 1 ''
expect 1
machine 512 '0::/system.slice/job 7/step\n'
put 'system.slice/job 7/step/cpu.max' 'max 100000'
put 'system.slice/job 7/cpu.max' '250000 100000'
put 'system.slice/cpu.max' '9900000 100000'
expect 3
put 'system.slice/memory.max' 3221225472
expect 2
machine 512 '9:memory:/docker/ab:12\n4:cpu,cpuacct:/docker/ab:12\n0::/\n'
put 'cpu/cpu.cfs_quota_us' -1
put 'cpu/cpu.cfs_period_us' 100000
expect 64
put 'cpu/docker/ab:12/cpu.cfs_quota_us' 500000
put 'cpu/docker/ab:12/cpu.cfs_period_us' 100000
put 'memory/memory.limit_in_bytes' 9223372036854771712
expect 5
put 'memory/docker/ab:12/memory.limit_in_bytes' 1000000
expect 1
machine 512 '0::/../../other\n'
put cpu.max '700000 100000'
expect 7
echo "jobs are as many as there is room for"
