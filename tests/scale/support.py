"""Runs tools, measures what they take, and makes the videos of scale_check.py.

SPDX-License-Identifier: Apache-2.0
"""

import dataclasses
import filecmp
import os
import pathlib
import subprocess
import tempfile
import time


class Failed(Exception):
    """A tool failed, or a result is not what it must be."""


def say(text=""):
    print(text, flush=True)


def require(is_true, fault):
    if not is_true:
        raise Failed(fault)


@dataclasses.dataclass
class Cost:
    wall_s: float
    cpu_s: float  # of the tool and its workers


class Tools:
    """The tools of one build."""

    def __init__(self, bin_dir):
        self.bin_dir = pathlib.Path(bin_dir).absolute()

    def path(self, tool):
        return str(self.bin_dir / tool)

    def has(self, tool):
        return os.access(self.path(tool), os.X_OK)

    def run(self, tool, *arguments):
        """Runs a tool to its end, and returns its Cost."""
        with tempfile.TemporaryFile() as log:
            begin = time.monotonic()
            process = subprocess.Popen([self.path(tool), *map(str, arguments)], stdout=log, stderr=log)
            _, status, usage = os.wait4(process.pid, 0)
            wall_s = time.monotonic() - begin
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                log.seek(0)
                end = log.read().decode(errors="replace")[-3000:]
                raise Failed(f"{tool} ended with {process.returncode}:\n{end}")
        return Cost(wall_s, usage.ru_utime + usage.ru_stime)


def link_videos(drawn, folder, number):
    """Makes `number` videos with names of their own in class folders: hard links to the drawn ones, in turns."""
    sources = sorted(drawn.glob("*/*"))
    for name in {source.parent.name for source in sources}:
        (folder / name).mkdir(parents=True)
    for i in range(number):
        source = sources[i % len(sources)]
        os.link(source, folder / source.parent.name / f"{source.stem}_{i // len(sources):03d}{source.suffix}")


def results_of(folder):
    """Returns the files of a stage's folder, by relative path, but those that name tools, times or tasks."""
    skipped = {"report.json", "config.ini", "settings.ini"}
    files = {}
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if path.is_file() and inside.parts[0] not in ("tasks", "groups") and inside.name not in skipped:
            files[str(inside)] = path
    return files


def require_same(folder, expected):
    """Fails unless both folders have the same results, byte for byte. Returns how many files they are."""
    found, wanted = results_of(folder), results_of(expected)
    differ = sorted(set(found) ^ set(wanted))
    require(not differ, f"{folder} has other files than {expected}: {differ[:5]}")
    for name, path in wanted.items():
        require(filecmp.cmp(path, found[name], shallow=False), f"{found[name]} differs from {path}")
    return len(wanted)


def rows_of(table):
    """Returns the rows of a table of tab-separated values, without its header."""
    return [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()[1:]]
