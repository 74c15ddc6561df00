#!/usr/bin/env python3
"""Checks that docs/reference/messages/ has a row for each error and warning of the sources.

Usage: tests/docs/message_coverage.py SOURCE_FOLDER
A row covers a message if the parts of its text between `...` stand in the message in this order. A message is known by
its fixed words, without what the program puts into it.
SPDX-License-Identifier: Apache-2.0
"""

import pathlib
import re
import sys

import cpp_messages
import script_messages
from check_pages import message_rows

# What the rules take for a message, although it is none, and why.
EXCEPTED = {
    "number of parts": "completes `is not of the same`, which has a row",
    "number of videos": "completes `is not of the same`, which has a row",
    "shard {:05}.h5, video {}": "names the video that a reason is about",
    " is to be prepared alone": "is never shown: the parts are then prepared one by one",
    "; -- ... =false turns it off": "is a part of --help",
    "video top-1 {}, top-5 {} ... video_top1 ... video_top5": "is a result that inspect-file --watch shows",
    "loss {:.3f}, top-1 {:.1f} %": "is a result that inspect-file --watch shows",
    "older than  ... ": "is a state that inspect-file --watch shows",
    "older than  ... ; ": "is a state that inspect-file --watch shows",
    "done before": "is a state that status shows",
    ": done before": "is a state that a submission shows",
    "not submitted": "is a state that status shows",
    "logs:  ... /slurm/; how far it is: make -f Makefile.workflow status EXP=": "is the result of a submission",
    "report:  ... /report.html": "is a result in end.txt",
    "report: job  ... : ": "begins a state of Slurm in end.txt",
    ", to start in  ...  s or later": "completes `: queueing again`, which has a row",
    "  ...  MaxJobCount of the cluster": "completes `jobs and tasks do not fit: `, which has a row",
    "  ...  MaxSubmitJobs of account ": "completes `jobs and tasks do not fit: `, which has a row",
    "  ...  MaxSubmitJobsPerUser of QOS ": "completes `jobs and tasks do not fit: `, which has a row",
    "  ...  MaxSubmitJobsPerUser of QOS  ...  of partition ": "completes `jobs and tasks do not fit: `, which has a row",
    " on  ... , process $$": "completes `another submission of `, which has a row",
    "tasks =  ... pack = ": "is written to slurm/chain",
    "/report.html": "is a path",
    "/inspect-file": "is a path",
    "{}validation loss {:.3f}, top-1 {:.1f} % ... ": "is a result that inspect-file --watch shows",
    "{}validation loss {:.3f}, top-1 {:.1f} % ... ; ": "is a result that inspect-file --watch shows",
    "installing  ...  packages: ": "is progress",
    "installing  ...  into ": "is progress",
}
LEAST_LETTERS = 10


def letters(text):
    return sum(map(str.isalpha, text))


def covers(parts, text):
    """Returns whether the row is about this message. Ten letters, or all that it has, must be the same: otherwise a row
    such as `cannot read` would cover whatever follows it."""
    begin = 0
    for part in parts:
        found = text.find(part, begin)
        if found < 0:
            return False
        begin = found + len(part)
    return sum(map(letters, parts)) >= min(LEAST_LETTERS, letters(re.sub(r"\{[^{}]*\}", "", text)))


def messages_of(root):
    """Returns each message as (place, pieces)."""
    texts = {
        file.relative_to(root).as_posix(): file.read_text(encoding="utf-8")
        for folder in ("lib", "pipeline", "tools", "python/src")
        for pattern in ("*.cc", "*.h")
        for file in sorted((root / folder).rglob(pattern))
    }
    found = [(f"{m.file}:{m.line}", m.pieces) for m in cpp_messages.Sources(texts).messages()]
    return found + list(script_messages.messages_of(root))


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    root = pathlib.Path(arguments[0])
    rows = [parts for _, parts in message_rows(root)]
    found = messages_of(root)
    unused = set(EXCEPTED)
    missing = []
    for place, pieces in found:
        shown = " ... ".join(pieces)
        unused.discard(shown)
        if shown not in EXCEPTED and not any(covers(row, "\0".join(pieces)) for row in rows):
            missing.append(f"{place}: no row of docs/reference/messages/ covers: {shown}")
    print(f"{len(found)} messages, {len(rows)} rows")
    missing += [f"tests/docs/message_coverage.py: EXCEPTED holds '{words}', which is no message" for words in sorted(unused)]
    print("\n".join(missing))
    return 1 if missing or len(found) < 500 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
