#!/usr/bin/env bash
# scripts.sh: checks every shell script, jobs included, with shellcheck and shfmt.
set -euo pipefail
cd "$REEL3D_SOURCE"
for program in shellcheck shfmt; do
	command -v $program >/dev/null || {
		echo "skipped: no $program here"
		exit 77
	}
done
mapfile -t scripts < <(
	find .ci bench configs docs python setup slurm tests -type f -print0 |
		xargs -0 grep -lE '^#!.*\b(ba)?sh$|^# shellcheck shell=' | sort
)
((${#scripts[@]} > 0))
shellcheck --external-sources "${scripts[@]}"
shfmt -d "${scripts[@]}"
echo "${#scripts[@]} scripts are clean"
