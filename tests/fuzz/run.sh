#!/usr/bin/env bash
# run.sh BUILD_FOLDER SECONDS [NAME...]: runs the fuzzers of a build made with -DREEL3D_FUZZ=ON, each for
# SECONDS. NAME: only these fuzzers. Inputs that reach new code are kept in BUILD_FOLDER/corpus/NAME, and
# the next run continues from them. Inputs that crash, leak, hang or take too much memory are left in
# BUILD_FOLDER/crashes/NAME-*; then the exit status is 1.
#
# When the fault is mended, make its input small with `NAME_fuzz -minimize_crash=1 FILE` and add it to
# tests/fuzz/corpus/NAME. Inputs that reach new code may be added too, while the folder stays small:
# `NAME_fuzz -merge=1 tests/fuzz/corpus/NAME BUILD_FOLDER/corpus/NAME`.
set -euo pipefail
build=$(realpath "${1:?usage: run.sh BUILD_FOLDER SECONDS [NAME...]}")
seconds=${2:?usage: run.sh BUILD_FOLDER SECONDS [NAME...]}
shift 2
cd "$(dirname "$0")"
shared=${REEL3D_SHARED:-../../../shared}

names=("$@")
if ((${#names[@]} == 0)); then
	mapfile -t names < <(find . -name '*_fuzz.cc' -printf '%f\n' | sed 's/_fuzz\.cc$//' | sort)
fi
mkdir -p "$build/crashes"
export LSAN_OPTIONS=suppressions=$PWD/../leaks.supp:print_suppressions=0
options=(-timeout=60 -rss_limit_mb=4096 -malloc_limit_mb=1000000 -print_final_stats=1 -verbosity=0)
status=0
for name in "${names[@]}"; do
	fuzzer=$build/tests/bin/${name}_fuzz
	corpus=$build/corpus/$name
	"$fuzzer" --write-seeds "$corpus"
	more=()
	leaks=1
	[ ! -d "corpus/$name" ] || more+=("$PWD/corpus/$name")
	case $name in
	# HDF5 leaks memory each time that it refuses a file, so a search for leaks would take all the time.
	shard_reader | shard_content | score_file | evaluated_scores) leaks=0 ;;&
	# Files that other programs wrote.
	shard_reader) cp ../golden/shard_h5py.h5 "$corpus/" ;;
	evaluated_scores) cp ../golden/scores_version_1.h5 "$corpus/" ;;
	pth) cp ../golden/{kinds_zip,kinds_legacy,kinds_protocol4,half_legacy,objects_zip,objects_protocol5}.pth "$corpus/" ;;
	# Awkward videos of other projects, if they are beside this project.
	video) [ ! -d "$shared/data/hard_cases" ] || more+=("$(realpath "$shared/data/hard_cases")") ;;
	esac
	echo "=== $name, $seconds s" >&2
	"$fuzzer" "${options[@]}" -detect_leaks=$leaks -max_total_time="$seconds" \
		-artifact_prefix="$build/crashes/$name-" "$corpus" "${more[@]}" || status=1
done
exit $status
