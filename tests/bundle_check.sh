#!/usr/bin/env bash
# bundle_check.sh ARCHIVE [SYSTEM]: unpacks this bundle on a bare Debian 13 that has make and
# nothing else, and runs the demo from it to its table, without network. SYSTEM is the folder of a bare
# system that exists already; else debootstrap makes one, which needs root and a mirror of Debian.
# Exit status 77: not root, or no such system can be made.
set -euo pipefail
archive=$1
[ -f "$archive" ] || { echo "bundle_check: there is no $archive: make -f Makefile.workflow bundle" >&2 && exit 3; }
[ "$(id -u)" = 0 ] || { echo "bundle_check: skipped, only root can chroot" >&2 && exit 77; }
# Mounts of this check are not those of the machine, and end with it.
[ -n "${BUNDLE_CHECK_MOUNTS:-}" ] || BUNDLE_CHECK_MOUNTS=own exec unshare --mount "$0" "$@"

work=$(mktemp -d)
unmount() {
	local place
	for place in dev/shm dev proc sys; do
		! mountpoint -q "$work/system/$place" || umount "$work/system/$place"
	done
}
trap 'unmount; rm -rf --one-file-system "$work"' EXIT
if [ -n "${2:-}" ]; then
	cp -a "$2" "$work/system"
else
	# One of the two places may be missing. Without a mirror debootstrap takes its own.
	mirror=$(grep -rhoE 'https?://[^ ]+/debian/?$' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -n 1) || true
	debootstrap --variant=minbase --include=make trixie "$work/system" ${mirror:+"$mirror"} >"$work/log" 2>&1 || {
		echo "bundle_check: skipped, debootstrap made no Debian 13: $(tail -n 1 "$work/log")" >&2
		exit 77
	}
fi
system=$work/system
mkdir -p "$system/opt" "$system/home/user"
# The folder's name differs from the one where the bundle was made, and has no write permission.
tar -C "$system/opt" -xzf "$archive"
mv "$system"/opt/reel3d-* "$system/opt/elsewhere"
chmod -R a-w "$system/opt/elsewhere"
mount -t proc proc "$system/proc"
mount -t sysfs -o ro sysfs "$system/sys"
mount --bind /dev "$system/dev"
mount -t tmpfs tmpfs "$system/dev/shm"

# inside COMMAND runs the command in the system, without network and without this machine's environment.
inside() {
	unshare --net sh -c 'ip link set lo up 2>/dev/null; exec "$@"' sh chroot "$system" \
		/usr/bin/env -i HOME=/home/user LANG=C.UTF-8 PATH=/opt/elsewhere/bin:/usr/bin:/bin sh -euc "$1"
}

# shellcheck disable=SC2016 # the shell inside expands variables
{
	inside 'grep PRETTY_NAME /etc/os-release; if command -v python3 || command -v mpirun; then echo "the system is not bare"; exit 1; fi'
	# Every tool starts, and finds its libraries in the bundle or in glibc.
	inside 'for tool in /opt/elsewhere/bin/*; do "$tool" --version >/dev/null || { echo "$tool does not start"; exit 1; }; done'
	inside 'for file in /opt/elsewhere/libexec/*-* /opt/elsewhere/lib/*.so*; do ldd "$file" 2>/dev/null | grep "not found" && { echo "$file"; exit 1; }; done; true'
	inside 'make -C /opt/elsewhere -f Makefile.workflow report EXP=demo RUNS=/home/user/run'
	grep -q 'video top-1' "$system/home/user/run/demo/evaluation/table.txt"
	grep -q '^ranks = 2$' "$system/home/user/run/demo/train/DONE"
	# A caption is drawn with the bundle's font.
	inside 'cd /home/user; video=$(find run/demo/videos -name "*.mp4" | head -n 1)
	classify-video --annotate caption.mp4 run/demo/train/checkpoints/best "$video"'
}
echo "the bundle runs the demo on a bare system"
