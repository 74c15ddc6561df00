"""Eight processes share the work, and one of them gets a tenth of the processor time of the others.

SPDX-License-Identifier: Apache-2.0
"""

import collections
import contextlib
import json
import os
import pathlib
import signal
import statistics
import subprocess
import threading
import time

from support import require, say

TASKS = 8
SLOWER = 10
SLICES_A_TASK = 50
LOOK_S = 0.01
MOST_S = 1800


def family_of(pid):
    """Returns the process and its children."""
    children = []
    for file in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children += map(int, file.read_text().split())
        except OSError:
            pass  # the thread has ended
    return [pid, *children]


def cpu_s_of(pid):
    """Returns the processor time of a process and of its children, dead ones included."""
    ticks = 0
    for one in family_of(pid):
        try:
            fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # the process has ended
        ticks += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return ticks / os.sysconf("SC_CLK_TCK")


class SlowDown(threading.Thread):
    """Lets a process run only while it has had less than a share of the mean processor time of others. After
    `settle()` the allowance grows at the rate that it had until then."""

    def __init__(self, slow, others):
        super().__init__(daemon=True)
        self.slow, self.others = slow, others
        self.begin = time.monotonic()
        self.settled = None
        self.is_over = False

    def settle(self):
        if self.settled is None:
            self.settled = (time.monotonic(), self._earned())

    def _earned(self):
        return statistics.mean(cpu_s_of(process.pid) for process in self.others) / SLOWER

    def _allowance(self):
        if self.settled is None:
            return self._earned()
        when, earned = self.settled
        return earned * (time.monotonic() - self.begin) / (when - self.begin)

    def run(self):
        while not self.is_over and self.slow.poll() is None:
            is_ahead = cpu_s_of(self.slow.pid) >= self._allowance()
            for pid in family_of(self.slow.pid):
                try:
                    os.kill(pid, signal.SIGSTOP if is_ahead else signal.SIGCONT)
                except ProcessLookupError:
                    pass
            time.sleep(LOOK_S)


class Turns:
    """Keeps when each process was at work on which slice, as the leases say."""

    def __init__(self, leases):
        self.leases = leases
        self.at_work = {}  # process -> (slice, since)
        self.turns = collections.defaultdict(list)  # process -> [(begin, end)]

    def look(self):
        now = time.monotonic()
        held = {}
        for file in self.leases.glob("0*.lease"):
            try:
                held[json.loads(file.read_text())["process"]] = file.name
            except (OSError, ValueError):
                continue  # it is being written or given back
        for process, (name, since) in list(self.at_work.items()):
            if held.get(process) != name and not (self.leases / name).exists():
                self.turns[process].append((since, now))
                del self.at_work[process]
        for process, name in held.items():
            if self.at_work.get(process, (None,))[0] != name:
                self.at_work[process] = (name, now)

    def idle_since(self, process):
        return self.turns[process][-1][1]


def run_tasks(command, leases):
    """Returns the turns of the processes, the slow process, and when the last one ended."""
    processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(TASKS)]
    slow = processes[0]
    slow_down = SlowDown(slow, processes[1:])
    slow_down.start()
    turns = Turns(leases)
    begin = time.monotonic()
    try:
        while any(process.poll() is None for process in processes):
            require(time.monotonic() - begin < MOST_S, f"not done after {MOST_S} s")
            turns.look()
            if turns.turns and len(turns.at_work) < TASKS // 2:
                slow_down.settle()
            time.sleep(LOOK_S)
    finally:
        slow_down.is_over = True
        slow_down.join()
        for pid in [pid for process in processes if process.poll() is None for pid in family_of(process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    turns.look()
    require(all(process.wait() == 0 for process in processes), "a process failed")
    return turns, slow.pid


def lengths(turns):
    return [end - begin for begin, end in turns]


def check_straggler(tools, drawn, work, _):
    tools.run("list-videos", drawn, work / "videos.tsv")
    slices = TASKS * SLICES_A_TASK
    command = [tools.path("prep-videos"), "--height", "240", "--threads", "1", "--share-work", str(slices),
               str(work / "videos.tsv"), str(work / "prepared")]
    turns, slow = run_tasks(command, work / "prepared/leases")
    others = [process for process in turns.turns if process != slow]
    require(len(others) == TASKS - 1 and turns.turns[slow], "not all processes got a slice")
    begin = min(begin for of_process in turns.turns.values() for begin, _ in of_process)
    first_idle = min(turns.idle_since(process) for process in turns.turns)
    end = max(turns.idle_since(process) for process in turns.turns)
    usual = statistics.mean(length for process in others for length in lengths(turns.turns[process]))
    slowed = lengths(turns.turns[slow])
    slow_slice = statistics.mean(slowed)
    say(f"prep-videos  {slices} slices, {TASKS} processes, one of them slowed: a slice takes {usual:.2f} s, "
        f"of the slow one {slow_slice:.2f} s ({slow_slice / usual:.1f} times)")
    say(f"             the slow one did {len(slowed)} slices, the others "
        f"{min(len(turns.turns[p]) for p in others)} to {max(len(turns.turns[p]) for p in others)}")
    tail = end - first_idle
    say(f"             all is done {end - begin:.1f} s after the start, {tail:.1f} s after the first process "
        f"became idle: {tail / slow_slice:.2f} slices of the slow one. With fixed shares it would have taken "
        f"{slow_slice * SLICES_A_TASK:.0f} s")
    require(slow_slice > SLOWER / 2 * usual, "the slow process was not slow")
    require(tail <= max(slowed) + 10 * LOOK_S,
            f"the last process ended {tail:.1f} s after the first idle one; the slow one's longest slice took "
            f"{max(slowed):.1f} s")
