#!/bin/sh
# full_disk.sh disk|limit KILOBYTES DIR COMMAND...: runs a command that writes to DIR, first with too little
# space and then with enough space. Leaves the contents of DIR after each run in DIR.full and DIR.whole.
# Prints the two exit statuses.
#
#   disk   DIR is a small disk in memory; run this script under `unshare --map-root-user --mount`
#   limit  no file may be larger than KILOBYTES; for users who may not mount
set -eu
how=$1
kilobytes=$2
dir=$3
shift 3

mkdir -p "$dir"
small() { "$@"; }
if [ "$how" = disk ]; then
	mount -t tmpfs -o size="${kilobytes}k" tmpfs "$dir"
else
	small() (
		ulimit -f $((kilobytes * 2)) # blocks of 512 bytes
		"$@"
	)
fi
status=0
small "$@" >&2 || status=$?
cp -R "$dir/." "$dir.full"
[ "$how" != disk ] || mount -o remount,size=100m "$dir"
"$@" >&2 && echo "$status 0" || echo "$status $?"
cp -R "$dir/." "$dir.whole"
