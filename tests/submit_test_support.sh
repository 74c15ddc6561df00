# shellcheck shell=bash
# Has the simulated Slurm commands and the functions of the tests of slurm/submit.sh, which source this file.
set -euo pipefail
# ctest may run in a Slurm job, whose variables must not reach the tests.
while read -r name; do unset "$name"; done < <(compgen -e | grep -E '^(SLURM|SBATCH)_' || true)
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Most tests are about tasks with fixed shares.
export SLICES=0
export RUN=$work/run CONFIGS=$work/configs BIN=$work/bin EXP=fake SITE_ENV=$work/site.env TASKS=4
export PATH=$work/slurm:$PATH
mkdir -p "$work/slurm" "$BIN" "$CONFIGS"
for tool in list-videos prep-videos pack-shards pack-videos train-r3d score-videos measure-videos evaluate-scores explain-mistakes report-run; do
	ln -s "$PWD/tests/slurm/stub_tool.sh" "$BIN/$tool"
done
cp slurm/site.env "$SITE_ENV"

# Files control the simulated commands. `fails` holds the number of the sbatch call that fails. squeue prints lines
# of `queued`. If `silent` exists, squeue and scontrol fail with its text. sbatch and scancel add their arguments to
# `asked`.
cat >"$work/slurm/sbatch" <<'END'
#!/usr/bin/env bash
cd "$(dirname "${BASH_SOURCE[0]}")/.."
echo "sbatch CONFIGS=$CONFIGS SLICES=${SLICES:-} STAGE_TO=${STAGE_TO:-} $*" >>asked
n=$(grep -c ^sbatch asked)
[ "$n" != "$(cat fails 2>/dev/null)" ] || { echo 'sbatch: error: QOSMaxSubmitJobPerUserLimit' >&2 && exit 1; }
[ ! -e slow ] || { rm slow && sleep 2; }
echo $((100 + n))
END
cat >"$work/slurm/squeue" <<'END'
#!/usr/bin/env bash
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ ! -e silent ] || { cat silent >&2 && exit 1; }
[[ $* == *--jobs=* ]] || exec cat others
asked_for=$(grep -o 'jobs=[0-9,]*' <<<"$*" | tr -d 'jobs=' | tr ',' '|')
grep -sE "^($asked_for) " queued || true
END
cat >"$work/slurm/scancel" <<'END'
#!/usr/bin/env bash
echo "scancel $*" >>"$(dirname "$0")/../asked"
END
# Lines of `config` are more of the configuration; `partitions` and `jobs` are what scontrol shows of these.
cat >"$work/slurm/scontrol" <<'END'
#!/usr/bin/env bash
cd "$(dirname "$0")/.."
[ ! -e silent ] || { cat silent >&2 && exit 1; }
case " $* " in
*' show config '*)
	printf 'MaxArraySize            = 1001\nMaxJobCount             = %s\n' "$(cat most 2>/dev/null || echo 10000)"
	cat config 2>/dev/null || true
	;;
*' show partition '*) grep -s "^PartitionName=$(sed -n 's/.* show partition *\([^ ]*\).*/\1/p' <<<"$*")" partitions || true ;;
*' show job '*) grep -s "^JobId=${*: -1} " jobs || exit 1 ;;
esac
END
# shellcheck disable=SC2016 # the script's own folder
printf '#!/bin/sh\ncat "$(dirname "$0")/../sacct" 2>/dev/null\n' >"$work/slurm/sacct"
# Answers as sacctmgr 22.05 of a cluster with accounting does, from the file `accounting`, whose lines are
# ENTITY COLUMNS|VALUES. Without the file it fails as on a cluster without accounting.
cat >"$work/slurm/sacctmgr" <<'END'
#!/usr/bin/env bash
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ -e accounting ] || { echo 'You are not running a supported accounting_storage plugin' >&2 && exit 1; }
echo "sacctmgr $*" >>accounted
sed -n "s/^$4 ${*: -1} //p" accounting
END
chmod +x "$work"/slurm/*

start_over() {
	rm -rf "$RUN" "$work"/{asked,fails,queued,silent,slow,configs,most,accounting,accounted,config,partitions,jobs,sacct}
	: >"$work/others"
	mkdir -p "$RUN" "$CONFIGS"
	touch "$RUN/videos.tsv" "$work/asked"
}
submit() {
	status=0
	env "$@" slurm/submit.sh "${stage:-evaluate}" >"$work/said" 2>&1 || status=$?
}
fail() {
	echo "line ${BASH_LINENO[1]}: $*"
	cat "$work/said" "$work/asked"
	exit 1
}
expect() { # STATUS TEXT: fails unless the last submission ended with STATUS and printed TEXT
	if [ "$status" != "$1" ] || ! grep -qF -e "$2" "$work/said"; then fail "status $status, wanted $1 with '$2'"; fi
}
nothing_queued() { ! grep -q ^sbatch "$work/asked" || fail "something was queued"; }
finish() { # FOLDER...: marks these stages as done
	local folder
	for folder in "$@"; do mkdir -p "$RUN/$folder" && touch "$RUN/$folder/DONE"; done
}
finish_tasks() { # FOLDER TASK...: marks these tasks of a stage as done
	local folder=$RUN/$1/tasks task
	shift
	for task in "$@"; do mkdir -p "$folder/000$task-of-0004" && touch "$folder/000$task-of-0004/DONE"; done
}
