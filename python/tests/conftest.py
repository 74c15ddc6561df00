# SPDX-License-Identifier: Apache-2.0
import os
import subprocess

import pytest

HELPER = os.environ.get("REEL3D_LIST_BATCHES", "build/python/bin/list_batches")


@pytest.fixture
def shards(tmp_path):
    folder = tmp_path / "shards"
    subprocess.run([HELPER, "make", folder], check=True)
    return folder


@pytest.fixture
def listed(shards):
    """Returns the batches of a rank from the C++ classes: (step, part, crc, [(id, first frame)]) of each."""

    def run(epoch=0, first_step=0, micro_batch=0, rank=0, num_ranks=1):
        numbers = [epoch, first_step, micro_batch, rank, num_ranks]
        lines = subprocess.run(
            [HELPER, "list", shards, *map(str, numbers)], check=True, capture_output=True, text=True
        ).stdout.splitlines()
        batches = []
        for step, part, crc, *clips in map(str.split, lines):
            named = [(id, int(first)) for id, first in (clip.split(":") for clip in clips)]
            batches.append((int(step), int(part), int(crc, 16), named))
        return batches

    return run
