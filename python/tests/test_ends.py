"""Processes that are killed and interpreters that end while a loader works must not leave a hang."""

# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import subprocess
import sys

import pytest

from conftest import HELPER

OPTIONS = {"batch": 8, "sample_size": 48, "last_batch": "keep", "threads": 2}
BEGIN = """
import multiprocessing, os, signal, sys, threading, time
import reel3d


def loader():
    return reel3d.ClipLoader({shards!r}, **{options})


def load_for_ever(batches):
    own = loader()
    while True:
        for batch in own:
            batches.send_bytes(batch.clips.tobytes())
"""


@pytest.fixture
def run(shards, tmp_path):
    """Runs a program in a process of its own, and returns its exit status. A hang is an error, and so is any text."""

    def in_process(program, **environment):
        # A spawned worker imports this file.
        file = tmp_path / "program.py"
        file.write_text(BEGIN.format(shards=str(shards), options=OPTIONS) + program, encoding="utf-8")
        found = subprocess.run([sys.executable, file], env={**os.environ, **environment}, timeout=60,
                               capture_output=True, text=True)
        assert (found.stdout, found.stderr) == ("", "")
        return found.returncode

    return in_process


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_killed_worker_stops_nobody_else(run, method):
    """Workers load and send batches as those of a DataLoader do. The first is killed at work."""
    status = run(f"""
def start():
    ours, theirs = context.Pipe(duplex=False)
    worker = context.Process(target=load_for_ever, args=(theirs,), daemon=True)
    worker.start()
    theirs.close()
    return worker, ours


if __name__ == "__main__":
    context = multiprocessing.get_context({method!r})
    (victim, from_victim), (other, from_other) = start(), start()
    assert from_victim.recv_bytes() == from_other.recv_bytes()
    os.kill(victim.pid, signal.SIGKILL)
    victim.join()
    assert victim.exitcode == -signal.SIGKILL
    try:
        while True:
            from_victim.recv_bytes()
    except (EOFError, OSError):  # after what was in the pipe, in the middle of a batch
        pass
    for _ in range(5):
        from_other.recv_bytes()
    epoch = loader().epoch(0)
    next(epoch)
    os.kill(other.pid, signal.SIGKILL)  # while this process loads, too
    other.join()
    assert len(list(epoch)) == 2
""")
    assert status == 0


def test_a_killed_fork_does_not_stop_the_process_whose_epoch_is_open(run):
    status = run("""
epoch = loader().epoch(0)
next(epoch)
child = os.fork()
if child == 0:
    while True:
        try:
            next(epoch)
        except reel3d.UsageError:
            pass
time.sleep(0.2)
os.kill(child, signal.SIGKILL)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
assert len(list(epoch)) == 2
""")
    assert status == 0


@pytest.mark.parametrize("pause_s", [0, 0.003, 0.01, 0.03, 0.1])
def test_the_interpreter_ends_while_a_thread_iterates(run, pause_s):
    status = run(f"""
def iterate():
    own = loader()
    while True:
        for batch in own:
            begun.set()


begun = threading.Event()
threading.Thread(target=iterate, daemon=True).start()
begun.wait()
time.sleep({pause_s})
sys.exit(5)
""")
    assert status == 5


# Reads of frames hang, as on a file system whose server is gone.
HANG = {
    "LD_PRELOAD": str(pathlib.Path(HELPER).with_name("libstalling_reads.so").resolve()),
    "REEL3D_BAD_RANK": "0",
    "REEL3D_BAD_READS": "hang",
    "REEL3D_GOOD_READS": "20",
}


def test_the_interpreter_ends_while_a_thread_waits_for_a_read_that_hangs(run):
    status = run("""
def iterate():
    for _ in range(1000):
        list(loader())


threading.Thread(target=iterate, daemon=True).start()
time.sleep(0.5)
sys.exit(6)
""", **HANG)
    assert status == 6


def test_the_interpreter_ends_after_ctrl_c_in_a_read_that_hangs(run):
    status = run("""
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started this test with SIGINT ignored
threading.Timer(0.5, signal.raise_signal, [signal.SIGINT]).start()
try:
    for _ in range(1000):
        list(loader())
except KeyboardInterrupt:
    sys.exit(7)
""", **HANG)
    assert status == 7


def test_the_interpreter_ends_in_the_middle_of_an_epoch(run):
    status = run("""
for number, batch in enumerate(loader()):
    if number == 1:
        sys.exit(7)
""")
    assert status == 7
