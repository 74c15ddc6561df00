"""Compares ClipLoader with what train-r3d itself trains on; skipped where train-r3d is not built."""

# SPDX-License-Identifier: Apache-2.0
import json
import os
import pathlib
import subprocess
import sys
import zlib

import numpy
import pytest

import reel3d

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("REEL3D_BIN", ROOT / "build/bin"))
SMALL = {"depth": 10, "width": 0.125, "epochs": 1, "threads": 1, "validation_every": 0, "schedule": "constant"}
MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
}

pytestmark = pytest.mark.skipif(
    not (BIN / "train-r3d").exists(), reason=f"{BIN} has no train-r3d"
)


def run_tool(command):
    run = subprocess.run(list(map(str, command)), env={**os.environ, **MPI}, capture_output=True, timeout=300)
    assert run.returncode == 0, run.stderr.decode()


def train(shards, run_dir, num_ranks=1, **options):
    launch = ["mpirun", "-n", num_ranks] if num_ranks > 1 else []
    named = [f"--{name.replace('_', '-')}={value}" for name, value in {**SMALL, **options}.items()]
    run_tool([*launch, BIN / "train-r3d", *named, shards, run_dir])


def decode_png(data):
    """Returns the pixels (height, width, 3) of a PNG of 8-bit RGB that is not interlaced."""
    at, packed = 8, b""
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            width, height = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
            assert body[8:] == b"\x08\x02\x00\x00\x00"
        if kind == b"IDAT":
            packed += body
        if kind == b"IEND":
            break
        at += 12 + size
    stride = 3 * width
    rows, above = [], bytes(stride)
    packed = zlib.decompress(packed)
    for begin in range(0, height * (stride + 1), stride + 1):
        how, row = packed[begin], bytearray(packed[begin + 1 : begin + 1 + stride])
        for i in range(stride):
            a, b, c = (row[i - 3], above[i], above[i - 3]) if i >= 3 else (0, above[i], 0)
            nearest = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            row[i] = (row[i] + (0, a, b, (a + b) // 2, nearest)[how]) % 256
        rows.append(row)
        above = row
    return numpy.array(rows, numpy.uint8).reshape(height, width, 3)


def sheet_of(clips):
    """Returns the picture of clips that train-r3d gives to TensorBoard: up to eight clips, one a row, eight frames of
    each, and two white pixels behind each frame."""
    clips = clips[:8]
    shown = clips[:, :, numpy.arange(8) * clips.shape[2] // 8]
    padded = numpy.pad(shown, [(0, 0)] * 3 + [(0, 2)] * 2, constant_values=255)
    num_clips, _, _, height, width = padded.shape
    return padded.transpose(0, 3, 2, 4, 1).reshape(num_clips * height, 8 * width, 3)


@pytest.mark.parametrize(
    "num_ranks, options",
    [
        (1, {"seed": 1, "batch": 8}),
        (2, {"seed": 2, "batch": 8}),
        (1, {"seed": 3, "batch": 6, "micro_batch": 4, "train_crop": "random", "clips_per_video": 2}),
        (1, {"seed": 4, "batch": 3, "decoding": "exact", "clip_length": 8, "frame_stride": 2, "flip_probability": 1}),
    ],
)
def test_train_r3d_shows_the_pixels_of_the_first_batch(shards, tmp_path, num_ranks, options):
    options = {"sample_size": 48, **options}
    train(shards, tmp_path / "run", num_ranks, tensorboard_every=1, **options)
    (events,) = (tmp_path / "run" / "tensorboard").iterdir()
    data = events.read_bytes()
    sheet = decode_png(data[data.index(b"\x89PNG\r\n") :])
    first = next(reel3d.ClipLoader(shards, num_ranks=num_ranks, **options).epoch(0))
    assert numpy.array_equal(sheet, sheet_of(first.clips))


def test_every_epoch_has_the_loss_of_these_clips(shards, tmp_path):
    """With a learning rate of almost nothing the loss of each epoch depends on its clips alone. Python's torch computes
    it again, with a network that was written from the paper."""
    torch = pytest.importorskip("torch")
    sys.path.insert(0, str(ROOT / "tests" / "golden"))
    import networks

    options = {"sample_size": 48, "batch": 4, "last_batch": "keep", "seed": 5}
    train(shards, tmp_path / "run", **{**options, "epochs": 3, "lr": 1e-9, "weight_decay": 0})
    lines = (tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    expected = [json.loads(line)["train_loss"] for line in lines]
    run_tool([BIN / "convert-weights", tmp_path / "run/checkpoints/latest", tmp_path / "weights.pth"])
    networks.CLASSES = 2
    network = networks.build(model="r3d", depth=10, width=0.125, shortcut="a").train()
    weights = torch.load(tmp_path / "weights.pth", weights_only=True)
    network.load_state_dict(weights.get("state_dict", weights))

    def losses(loader):
        for epoch in range(len(expected)):
            sums = num_clips = 0
            for batch in loader.epoch(epoch):
                clips, labels = map(torch.from_dlpack, (batch.clips, batch.labels))
                with torch.no_grad():
                    sums += torch.nn.functional.cross_entropy(network(clips), labels, reduction="sum").item()
                num_clips += len(labels)
            yield sums / num_clips

    found = list(losses(reel3d.ClipLoader(shards, dtype="float32", **options)))
    assert found == pytest.approx(expected, rel=1e-5)
    other = list(losses(reel3d.ClipLoader(shards, dtype="float32", **{**options, "seed": 6})))
    assert all(abs(a - b) > 1e-3 * b for a, b in zip(other, expected))
