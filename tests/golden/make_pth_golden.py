"""Makes the .pth files of this folder: small weights, saved with Python's torch.save.

Usage: python3 tests/golden/make_pth_golden.py tests/golden
Needs torch, numpy and safetensors. tests/weights/pth_test.cc reads the files and checks every value:
the values come from the formula of noise().
"""

import argparse
import collections
import datetime
import enum
import functools
import math
import pathlib
import sys
from collections import OrderedDict

import numpy
import torch
from networks import build
from noise import noise


def values(name, shape):
    count = int(torch.Size(shape).numel())
    return torch.from_numpy(noise(name, count)).reshape(shape)


def network():
    """Returns an R3D of depth 10 with shortcut B, 5 classes, and a 64th of the channels."""
    made = build("r3d", depth=10, shortcut="b", width=1 / 64, stem_frames=3)
    for name, tensor in made.state_dict().items():
        tensor.copy_(values(name, tensor.shape) if tensor.is_floating_point() else torch.tensor(7))
    return made


def checkpoint():
    """Returns a checkpoint as main.py of the reference code saves it under DataParallel."""
    parallel = torch.nn.DataParallel(network())
    optimizer = torch.optim.SGD(parallel.parameters(), lr=0, momentum=0.9)
    parallel.module.fc.bias.grad = torch.zeros(5)
    optimizer.step()  # makes the momentum, which is stored too
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [50, 100])
    return {
        "epoch": 12,
        "arch": "resnet-10",
        "state_dict": parallel.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
    }


def every_kind():
    shared = values("shared", (4, 3)).float()
    return OrderedDict(
        whole=shared,
        row=shared[2],
        turned=shared.t(),
        parameter=torch.nn.Parameter(values("parameter", (2,)).float()),
        half=values("half", (3,)).half(),
        bfloat=values("bfloat", (3,)).bfloat16(),
        double=values("double", (2, 2)),
        long=torch.tensor([-1, 2**62]),
        int=torch.tensor([-5, 6], dtype=torch.int32),
        truth=torch.tensor([True, False, True]),
        scalar=torch.tensor(2.5),
        none=torch.zeros(0, 4),
    )


class Colour(enum.Enum):
    RED = 1


class Config(dict):
    """A class that exists only in the code of the person who saved the file."""


def beside_objects():
    """Returns weights beside the Python objects that programs keep in their checkpoints."""
    beside = {
        "args": argparse.Namespace(lr=0.1, data=pathlib.PurePosixPath("/data"), device=torch.device("cpu")),
        "accuracy": numpy.float64(0.5),
        "curve": numpy.arange(4.0),
        "kinds": {torch.float32, torch.int64},
        "frozen": frozenset(["conv1"]),
        "losses": collections.defaultdict(list, training=[numpy.float32(1.0)]),
        "latest": collections.deque([1, 2], maxlen=3),
        "date": datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc),
        "schedule": functools.partial(math.pow, 2),
        "colour": Colour.RED,
        "config": Config(a=1),
        "complex": torch.zeros(2, dtype=torch.complex64),
        "bytes": bytearray(b"abc"),
        "long": [2**80, -1],
    }
    beside["itself"] = (beside["args"], [beside["losses"]])
    beside["args"].all = beside["itself"]  # the tuple contains itself
    return {"epoch": 3, "net": every_kind(), **beside}


def main(folder):
    torch.save(checkpoint(), folder / "checkpoint_zip.pth")
    half = OrderedDict((k, v.half() if v.is_floating_point() else v) for k, v in network().state_dict().items())
    torch.save(half, folder / "half_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(every_kind(), folder / "kinds_zip.pth")
    torch.save(every_kind(), folder / "kinds_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(every_kind(), folder / "kinds_protocol4.pth", pickle_protocol=4)
    torch.save(beside_objects(), folder / "objects_zip.pth")
    torch.save(beside_objects(), folder / "objects_protocol5.pth", pickle_protocol=5)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
