#!/bin/sh
# small_stage.sh DIR OPTIONS COMMAND...: runs a command while DIR is a disk in memory, mounted with these options.
# Lists the files of DIR in DIR.after. Run this script under `unshare --map-root-user --mount`.
set -eu
dir=$1
options=$2
shift 2

mkdir -p "$dir"
mount -t tmpfs -o "$options" tmpfs "$dir"
status=0
"$@" || status=$?
ls -A "$dir" >"$dir.after"
exit "$status"
