#!/usr/bin/env python3
"""Counts comments that open with a relative word instead of the subject of a sentence.

Usage: tests/lint/prose.py SOURCE_FOLDER
A comment is a sentence with a subject and a verb, and names what it speaks of. A comment that opens
with "Of" or a relative or interrogative word such as "What" or "Whether" is seldom such a sentence.
Prints each such comment and their share, and ends with 1 if the share is above the limit.
"""

import pathlib
import re
import sys

# The goal is below 0.02. Keep the limit at or below it.
MOST = 0.01

FOLDERS = ("lib", "pipeline", "tools", "tests", "bench")
COMMENT = re.compile(r"\s*//\s?(.*)")
OPENING = re.compile(r"(Of|What|Which|Where|Whose|Who|Whether|How|Why)\b")


def comment_blocks(lines):
    """Yields (line number, first line's text) of each run of lines that hold only a comment."""
    inside = False
    for number, line in enumerate(lines, 1):
        comment = COMMENT.match(line)
        # The line of the licence does not belong to a block.
        if comment and comment.group(1).startswith("SPDX-"):
            comment = None
        if comment and not inside:
            yield number, comment.group(1)
        inside = comment is not None


def main():
    root = pathlib.Path(sys.argv[1])
    files = sorted(
        file
        for folder in FOLDERS
        for file in (root / folder).rglob("*")
        if file.suffix in (".h", ".cc")
    )
    num_blocks = 0
    places = []
    for file in files:
        lines = file.read_text(encoding="utf-8").splitlines()
        for number, text in comment_blocks(lines):
            num_blocks += 1
            if OPENING.match(text):
                places.append(f"{file.relative_to(root)}:{number}: {text}")
    if num_blocks == 0:
        print(f"{root}: no comments found")
        return 1
    print("\n".join(places))
    share = len(places) / num_blocks
    print(
        f"{len(places)} of {num_blocks} comments ({100 * share:.1f} %) open with Of, What, Which, "
        f"Where, Whose, Who, Whether, How or Why; at most {100 * MOST:.0f} % may: write a sentence "
        "with subject and verb"
    )
    return 1 if share > MOST else 0


if __name__ == "__main__":
    sys.exit(main())
