#!/bin/sh
# filling_disk.sh DIR COMMAND...: runs a command that writes to DIR, a small disk in memory. The disk is full
# from the first checkpoint until the command reports that it cannot save. Leaves the contents of DIR in
# DIR.after and the log in DIR.log. Run this script under `unshare --map-root-user --mount`.
set -eu
dir=$1
shift

mkdir -p "$dir"
mount -t tmpfs -o size=16m tmpfs "$dir"
"$@" 2>"$dir.log" &
job=$!
running() { kill -0 "$job" 2>/dev/null; }
while running && ! [ -e "$dir/checkpoints/latest" ]; do sleep 0.02; done
cat /dev/zero >"$dir/ballast" 2>/dev/null || true
while running && ! grep -q "no checkpoint of step" "$dir.log"; do sleep 0.02; done
rm "$dir/ballast"
status=0
wait "$job" || status=$?
cp -R "$dir/." "$dir.after"
exit "$status"
