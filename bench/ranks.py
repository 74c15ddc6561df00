#!/usr/bin/env python3
"""Measures how far training over 2 and 4 ranks is from training on one rank, step by step, in float32.

Usage: bench/ranks.py BIN SHARDS FOLDER [train-r3d's options]

Each run trains for five steps from the same first weights on the same clips, with batch norm's statistics over
all ranks. The script prints for each step: the norm of the weights' difference as a share of the weights' norm,
and the largest difference of any one weight.
"""

import array
import json
import math
import pathlib
import struct
import subprocess
import sys

STEPS = 5
FIXED = ["--bn", "sync", "--checkpoint-steps", "1", "--keep-last", "99", "--threads", "1"]
MPI = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n"]


def weights(run, step):
    """Returns {name: values} of the float32 tensors in a step's checkpoint, without running statistics."""
    data = (run / f"checkpoints/step-{step:010d}/model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if entry.get("dtype") == "F32" and "running_" not in name:
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            tensors[name] = array.array("f", data[begin:end])
    return tensors


def difference(found, expected):
    squares = size = largest = 0.0
    for name, values in expected.items():
        for a, b in zip(found[name], values):
            squares += (a - b) ** 2
            size += b * b
            largest = max(largest, abs(a - b))
    return math.sqrt(squares / size), largest


def train(tool, shards, run, ranks, options):
    command = [*MPI, str(ranks), str(tool), *FIXED, "--stop-after-steps", str(STEPS), *options, shards, str(run)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 75:
        sys.exit(f"{ranks} ranks ended with {result.returncode}: {result.stderr}")


def main():
    tool = pathlib.Path(sys.argv[1]) / "train-r3d"
    shards, folder, options = sys.argv[2], pathlib.Path(sys.argv[3]), sys.argv[4:]
    for ranks in (1, 2, 4):
        train(tool, shards, folder / f"ranks{ranks}", ranks, options)
    for step in range(1, STEPS + 1):
        one = weights(folder / "ranks1", step)
        for ranks in (2, 4):
            share, largest = difference(weights(folder / f"ranks{ranks}", step), one)
            print(f"step {step}, {ranks} ranks: {share:.1e} of the weights, {largest:.1e} at most", flush=True)


if __name__ == "__main__":
    main()
