#!/usr/bin/env bash
# format.sh: checks that clang-format would change no C++ source (to format: make -f Makefile.workflow format).
set -euo pipefail
cd "$REEL3D_SOURCE"
command -v clang-format >/dev/null || {
	echo "skipped: no clang-format here"
	exit 77
}
find lib pipeline tools tests bench python \( -name '*.h' -o -name '*.cc' \) -print0 |
	xargs -0 -r clang-format --dry-run -Werror
