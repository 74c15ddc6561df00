#!/usr/bin/env python3
"""Runs the commands that README.md, CONTRIBUTING.md and docs/ show, as a reader would type them.

Usage: tests/docs/run_commands.py SOURCE_FOLDER BIN_DIR [PAGE...]     PAGE: docs/howto/report.md
Each page is one session of bash in a folder of its own. The folder has what a reader has after the demo:
  the sources, configs/ and build/bin; the runs run/demo and run/mine (if the page does not make it itself)
  my_videos/ (class folders), new_videos/ (no classes), holiday.mp4
  run/A and run/B, for these two; run/k700, the demo in the place of Kinetics
  r3d18_K_200ep.pth, kinetics700.txt and train.csv: the demo's weights, classes and annotations, in the place of
  published ones
The demo and configs/small are made small, so that all pages take a minute. A comment <!-- needs: WORD --> above
a block says why it cannot run here; <!-- the page needs: WORD --> applies to all blocks of a page.
SPDX-License-Identifier: Apache-2.0
"""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

NEEDS = ("gpu", "cluster", "data", "build")
BLOCK = re.compile(r"(?:^<!-- needs: (\w+) -->\n)?^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGE_NEEDS = re.compile(r"^<!-- the page needs: (\w+) -->$", re.MULTILINE)
LINKED = ("Makefile.workflow", "CMakeLists.txt", "cmake", "docs", "lib", "pipeline", "setup", "slurm", "tools")
SMALL = {
    "demo/videos.ini": "videos-per-class = 8\n",
    "demo/train.ini": "depth = 10\nwidth = 0.125\nstem-frames = 3\nsample-size = 32\nbatch = 8\nepochs = 2\nschedule = constant\nlr = 0.01\n",
    "small/train.ini": "depth = 10\nwidth = 0.125\nstem-frames = 3\nsample-size = 32\nbatch = 8\nepochs = 2\nschedule = constant\nlr = 0.01\n",
}


@dataclasses.dataclass
class Block:
    line: int
    needs: str  # "": it can run here
    text: str


def blocks_of(text):
    page = PAGE_NEEDS.search(text)
    return [
        Block(text.count("\n", 0, found.start(2)) + 1, found[1] or (page[1] if page else ""), found[2])
        for found in BLOCK.finditer(text)
    ]


def make_place(root, bin_dir, place):
    """Makes the folder `place` as a reader has it after the demo."""
    for name in LINKED:
        (place / name).symlink_to(root / name)
    shutil.copytree(root / "configs", place / "configs")
    for name, text in SMALL.items():
        (place / "configs" / name).write_text(text, encoding="utf-8")
    (place / "build").mkdir()
    (place / "build/bin").symlink_to(bin_dir)
    status, output = say(
        place,
        """
        make -f Makefile.workflow demo
        cp -a run/demo run/mine
        make-demo-videos --videos-per-class 6 my_videos
        mkdir new_videos
        cp my_videos/rising/rising_00[0-3].mp4 new_videos/
        cp my_videos/falling/falling_001.mp4 holiday.mp4
        convert-weights run/demo/train/checkpoints/best r3d18_K_200ep.pth
        cp run/demo/classes.txt kinetics700.txt
        sed '1i label' kinetics700.txt >train.csv
        ln -s demo run/A
        ln -s mine run/B
        ln -s demo run/k700
        """,
    )
    if status != 0:
        raise SystemExit(f"the small data could not be made:\n{output[-3000:]}")


def say(place, script):
    """Runs a script in the folder, and returns (status, output)."""
    environment = dict(os.environ, BUILD="no", THREADS="1", OMP_NUM_THREADS="1")
    if os.geteuid() == 0:
        environment.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    environment["PATH"] = f"{place}/build/bin:{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-c", "set -euo pipefail\n" + script],
        cwd=place, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", check=False,
    )
    return done.returncode, done.stdout


def run_page(page, text, blocks, place):
    """Runs the blocks of a page; returns whether all of their commands worked."""
    if "EXP=mine" in text:
        shutil.rmtree(place / "run/mine")
    parts = [f"echo '== line {block.line}'\n{block.text}" for block in blocks]
    status, output = say(place, "\n".join(parts))
    if status == 0:
        return True
    # bash ends at the command that fails, so the last block that began has failed.
    print(f"{page}: status {status} in the block of line {output.rsplit('== line ', 1)[1].split()[0]}:")
    print("\n".join(output.rsplit("== line ", 1)[1].splitlines()[1:][-30:]))
    return False


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    root, bin_dir = (pathlib.Path(argument).resolve() for argument in arguments[:2])
    pages = [root / page for page in arguments[2:]] or [
        root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").rglob("*.md")),
    ]
    num_run, num_marked, failed = 0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        first = pathlib.Path(folder) / "first"
        first.mkdir()
        make_place(root, bin_dir, first)
        for number, page in enumerate(pages):
            text = page.read_text(encoding="utf-8")
            blocks = blocks_of(text)
            name = page.relative_to(root)
            failed += [f"{name}: needs '{block.needs}' is none of {NEEDS}" for block in blocks if block.needs not in ("", *NEEDS)]
            runs = [block for block in blocks if not block.needs]
            num_run, num_marked = num_run + len(runs), num_marked + len(blocks) - len(runs)
            if not runs:
                continue
            place = pathlib.Path(folder) / str(number)
            shutil.copytree(first, place, symlinks=True)
            started = time.monotonic()
            if not run_page(name, text, runs, place):
                failed.append(f"{name}: a command fails")
            print(f"{name}: {len(runs)} blocks in {time.monotonic() - started:.0f} s", flush=True)
            shutil.rmtree(place)
    print(f"{num_run} blocks run, {num_marked} marked with what they need")
    print("\n".join(failed))
    return 1 if failed or num_run == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
