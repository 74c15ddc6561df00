#!/usr/bin/env bash
# rank.sh COMMAND... becomes the command as one rank. A request to stop (USR1) would end the command
# while its libraries load; here it is ignored until the command catches it, and run-ranks repeats it.
trap '' USR1
[ -z "${RANKS_STATUS:-}" ] || : >"$RANKS_STATUS.started"
exec "$@"
