# shellcheck shell=bash
# Has what on_hosts.sh and on_hq.sh share: both start a command elsewhere several times. The commands share the work
# of a stage, which writes the file DONE last. So one that fails does no harm if the others finish the stage.

die() { # STATUS TEXT
	echo "$(basename "$0"): $2" >&2
	exit "$1"
}

# note_start DONE: keeps a file whose time is that of the start, on the file system's clock.
note_start() {
	finished=$1
	mkdir -p "$(dirname "$finished")"
	begun=$(mktemp "$(dirname "$finished")/.$(basename "$0" .sh | tr _ -)-XXXXXX")
	trap 'rm -f "$begun"' EXIT
}

# say_failed WHO WHERE: says that WHO failed, and WHERE the errors are. Ends with 1 unless the others have finished
# the stage since note_start.
say_failed() {
	[ "$finished" -nt "$begun" ] || die 1 "$1 failed, and the stage is not finished: see $2; the same command goes on"
	echo "$(basename "$0"): $1 failed (see $2), and the others did all the work" >&2
}
