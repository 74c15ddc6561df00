#!/usr/bin/env bash
# tidy.sh BUILD_FOLDER [FILE...]: runs clang-tidy over the sources that this build compiles, or only over
# FILE..., with the repository's .clang-tidy. Any finding is an error. A source with torch takes 10 to 20 s,
# nearly all of them for torch's headers. So BUILD_FOLDER is configured with -DREEL3D_UNITY_SOURCES=100, which
# reads these once for a library; for FILE... with -DREEL3D_UNITY=OFF, so that each source has its own command.
set -euo pipefail
build=${1:?usage: tidy.sh BUILD_FOLDER [FILE...]}
shift
cd "$(dirname "$0")/../.."
root=$PWD
tidy=$root/build/clang-tidy/bin

# clang cannot read g++'s precompiled header. Without it, each source is read with its own includes only,
# which also takes half the time.
database=$build/tidy
mkdir -p "$database"
sed -E "s#-include [^ ]*/cmake_pch\.hxx##g; s# -Winvalid-pch##g" \
	"$build/compile_commands.json" >"$database/compile_commands.json"

sources=("$root/(lib|pipeline|tools|bench)/.*\.cc$" "$(realpath "$build")/(lib|pipeline)/.*/Unity/unity_[0-9]*_cxx\.cxx$")
(($# == 0)) || sources=("$@")
status=0
"$tidy/run-clang-tidy.py" -quiet -clang-tidy-binary "$tidy/clang-tidy" -p "$database" -j "$("$root/setup/jobs.sh")" "${sources[@]}" \
	>"$database/log" 2>&1 || status=$?
sed -E 's/\x1b\[[0-9;]*m//g' "$database/log" |
	grep -vE '^(\[ *[0-9]+/|Running clang-tidy|[0-9]+ warnings? |Suppressed |$)' || true
exit "$status"
