#!/usr/bin/env python3
"""Shows that shared work holds at scale, and what a video costs. Prints the figures.

Usage: tests/scale/scale_check.py [options] BIN_DIR WORK_DIR
It works in a new folder in WORK_DIR, which it removes at the end unless a part fails. Parts:
  kills      1,000 slices, 50 processes, 200 random kills, for prep-videos and pack-videos
  straggler  one of 8 processes gets a tenth of the processor time
  cost       all stages on --size small videos, and on twice as many
docs/develop/scale_check.md has the figures of a run.
SPDX-License-Identifier: Apache-2.0
"""

import argparse
import pathlib
import shutil
import sys
import tempfile
import time

from cost import check_cost
from kills import check_kills
from straggler import check_straggler
from support import Failed, Tools, say

PARTS = {"kills": check_kills, "straggler": check_straggler, "cost": check_cost}
CLASSES = 8  # of make-demo-videos


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin_dir")
    parser.add_argument("work_dir", type=pathlib.Path)
    parser.add_argument("--size", type=int, default=2000, help="number of videos of the part cost")
    parser.add_argument("--parts", default=" ".join(PARTS), help="parts to run, such as 'kills cost'")
    parser.add_argument("--slices", type=int, default=1000, help="slices and videos of the part kills")
    parser.add_argument("--tasks", type=int, default=50, help="processes of the part kills")
    parser.add_argument("--kills", type=int, default=200, help="kills of the part kills")
    parser.add_argument("--seed", type=int, default=1, help="decides who is killed")
    options = parser.parse_args()
    unknown = set(options.parts.split()) - set(PARTS)
    if unknown or options.size < CLASSES or options.slices % CLASSES:
        parser.error(f"parts are {', '.join(PARTS)}; SIZE is at least {CLASSES}; slices are a multiple of {CLASSES}")
    return options


def main():
    options = parse()
    tools = Tools(options.bin_dir)
    options.work_dir.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="scale-", dir=options.work_dir)).absolute()
    drawn = work / "drawn"
    tools.run("make-demo-videos", "--videos-per-class", options.slices // CLASSES, drawn)
    failed = []
    for part in options.parts.split():
        say(f"== {part}")
        begin = time.monotonic()
        (work / part).mkdir()
        try:
            PARTS[part](tools, drawn, work / part, options)
            shutil.rmtree(work / part)
        except Failed as fault:
            say(f"FAILED: {fault}")
            failed.append(part)
        say(f"   {time.monotonic() - begin:.0f} s\n")
    if failed:
        say(f"failed: {' '.join(failed)}; the files are in {work}")
        return 1
    shutil.rmtree(work)
    say("all passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
