"""Fifty processes share a thousand slices, and two hundred of them are killed at random.

SPDX-License-Identifier: Apache-2.0
"""

import collections
import json
import os
import random
import subprocess
import time

from support import require, require_same, rows_of, say

LOOK_S = 0.01
MOST_S = 1800


class Crowd:
    """Processes of one command. One that is killed is started again."""

    def __init__(self, command, number, log):
        self.command = command
        self.log = log
        self.num_started = 0
        self.processes = [self._start() for _ in range(number)]

    def _start(self):
        self.num_started += 1
        return subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=self.log)

    def kill_one(self, rng):
        """Kills a process that has not ended, and returns whether there was one."""
        running = [i for i, process in enumerate(self.processes) if process.poll() is None]
        if not running:
            return False
        i = rng.choice(running)
        self.processes[i].kill()
        self.processes[i].wait()
        self.processes[i] = self._start()
        return True

    def has_ended(self):
        return all(process.poll() is not None for process in self.processes)

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()

    def statuses(self):
        return collections.Counter(process.wait() for process in self.processes)


def count_entries(folder):
    try:
        with os.scandir(folder) as entries:
            return sum(1 for _ in entries)
    except FileNotFoundError:
        return 0


def run_with_kills(command, out, options, rng, log):
    """Runs the crowd until the stage is done. Kills follow the slices that are done, so all of them come before the
    end however fast the machine is. Returns how often a process was killed."""
    due = sorted(rng.randrange(options.slices * 97 // 100) for _ in range(options.kills))
    crowd = Crowd(command, options.tasks, log)
    num_killed = 0
    begin = time.monotonic()
    try:
        while not crowd.has_ended():
            require(time.monotonic() - begin < MOST_S, f"not done after {MOST_S} s")
            while num_killed < len(due) and count_entries(out / "tasks") >= due[num_killed]:
                if not crowd.kill_one(rng):
                    break
                num_killed += 1
            time.sleep(LOOK_S)
        statuses = crowd.statuses()
        require(set(statuses) == {0}, f"processes ended with {dict(statuses)}")
    finally:
        crowd.end()
    return num_killed


def require_once(out, slices, ids):
    """Fails unless each slice is there once, and each video was counted in one slice."""
    names = sorted(os.listdir(out / "tasks"))
    wanted = [f"{i:04d}-of-{slices:04d}" for i in range(slices)]
    require(names == wanted, f"{out}: {len(names)} slices instead of {slices}")
    counted = 0
    for name in names:
        require((out / "tasks" / name / "DONE").exists(), f"{out}: slice {name} has no DONE")
        counted += json.loads((out / "tasks" / name / "report.json").read_text())["num_videos"]
    require(counted == len(ids), f"{out}: the slices counted {counted} videos instead of {len(ids)}")
    total = json.loads((out / "report.json").read_text())["num_videos"]
    require(total == len(ids), f"{out}: the report counts {total} videos instead of {len(ids)}")
    require(not rows_of(out / "failed.tsv"), f"{out}: videos failed")
    left = [str(path) for path in out.rglob("*") if ".tmp-" in path.name or path.name == "leases"]
    require(not left, f"{out}: leftovers: {left[:5]}")


def check_kills(tools, drawn, work, options):
    tools.run("list-videos", drawn, work / "videos.tsv")
    ids = [row[0] for row in rows_of(work / "videos.tsv")]
    (work / "scratch").mkdir()
    stages = {
        "prep-videos": [],
        "pack-videos": ["--group-videos", "1", "--scratch", str(work / "scratch")],
    }
    for tool, more in stages.items():
        settings = ["--height", "48", *more]
        alone, out = work / f"{tool}-alone", work / f"{tool}-shared"
        cost = tools.run(tool, *settings, work / "videos.tsv", alone)
        log = work / f"{tool}.log"
        begin = time.monotonic()
        with open(log, "w", encoding="utf-8") as errors:
            # By default five attempts end a slice. Kills at random hit one slice five times in some runs of this check.
            command = [tools.path(tool), *settings, "--threads", "1", "--share-work", str(options.slices),
                       "--slice-attempts", "1000"]
            killed = run_with_kills([*command, str(work / "videos.tsv"), str(out)], out, options,
                                    random.Random(options.seed), errors)
        wall_s = time.monotonic() - begin
        taken = log.read_text(encoding="utf-8", errors="replace").count("is taken over")
        require(killed == options.kills, f"{tool}: only {killed} processes could be killed")
        require(taken > 0, f"{tool}: no kill met a slice at work")
        require_once(out, options.slices, ids)
        if tool == "pack-videos":
            packed = collections.Counter(row[2] for row in rows_of(out / "index.tsv"))
            require(packed == collections.Counter(ids), "index.tsv has not each video once")
        number = require_same(out, alone)
        say(f"{tool:12} {options.slices} slices, {options.tasks} processes, {killed} killed at random, "
            f"{taken} slices taken over: each slice once, {number} files equal to those of an undisturbed run; "
            f"{wall_s:.0f} s, undisturbed {cost.wall_s:.0f} s")
