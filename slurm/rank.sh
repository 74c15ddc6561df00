#!/usr/bin/env bash
# rank.sh COMMAND... replaces itself by the command, as one rank. A request to stop (USR1) would end the
# command while its libraries load. So USR1 is ignored until the command catches it; run-ranks repeats it.
trap '' USR1
[ -z "${RANKS_STATUS:-}" ] || : >"$RANKS_STATUS.started"
exec "$@"
