#!/usr/bin/env bash
# on_hosts.sh DONE COMMAND...: runs the command once on each of HOSTS (host1,host2; : is this machine), by GNU
# parallel over ssh. All hosts see this folder under the same path.
# `make -f Makefile.workflow EXEC=parallel` calls it.
set -euo pipefail
# shellcheck source=slurm/others.sh
. "$(dirname "$0")/others.sh"
done_file=$1
shift
parallel --version 2>/dev/null | grep -q '^GNU parallel' || die 4 "GNU parallel is not here (Debian: apt install parallel)"
[ -n "${HOSTS:-}" ] || die 2 "say which hosts: HOSTS=host1,host2 (: is this machine)"

# ssh alone would wait for hours for a host that has lost its power.
export PARALLEL_SSH="${PARALLEL_SSH:-ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15 -o ServerAliveCountMax=4}"
# The command is quoted for bash. Without this a host runs it in the login's shell, which may be another one, and
# where SHELL is not set (cron, containers) it runs nothing and returns 0.
export PARALLEL_SHELL=/bin/bash
note_start "$done_file"
status=0
parallel --will-cite --nonall --tag --line-buffer --sshlogin "$HOSTS" --workdir "$PWD" "$(printf '%q ' "$@")" || status=$?
((status > 0)) || exit 0
failed="$status of the hosts" # parallel counts up to 100, and has other statuses above
((status <= 100)) || failed="hosts"
say_failed "$failed" above
