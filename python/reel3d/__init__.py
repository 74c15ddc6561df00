"""Clips of packed videos, decoded and cropped as reel3d's training does.

ClipLoader loads clips for training. read_frames and read_jpegs return the frames of one video, read_scores the
scores that score-videos wrote. help(reel3d.ClipLoader) lists the options.
"""
# SPDX-License-Identifier: Apache-2.0

import atexit as _atexit
import os as _os
from pathlib import Path as _Path
from types import SimpleNamespace as _SimpleNamespace

from . import _reel3d
from ._errors import Error, InputError, MachineError, UsageError
from ._reel3d import ClipBatch, EpochBatches

__all__ = [
    "ClipBatch",
    "ClipLoader",
    "EpochBatches",
    "Error",
    "InputError",
    "MachineError",
    "UsageError",
    "read_frames",
    "read_jpegs",
    "read_scores",
]

# Threads of C++ must end before the libraries that they use.
_atexit.register(_reel3d.prepare_end)


class ClipLoader(_reel3d.ClipLoader):
    def __init__(self, shards, batch=256, **options):
        super().__init__(_os.fspath(shards), batch=batch, **options)


ClipLoader.__doc__ = (
    """Loads clips for training: the clips that train-r3d takes for the same seed and options.

`shards` is a folder that pack-shards wrote. Each `for batch in loader` runs the next epoch, from 0 on;
`loader.epoch(epoch, first_step)` runs any epoch. `len(loader)` is the number of steps of an epoch.

The options, with their defaults:

"""
    + _reel3d.options()[1]
)


def read_frames(shards, id, frames=None, size=112):
    """Returns frames of a video as uint8 (3, T, size, size), red first: the centre crop of scoring, with the pixels
    that PIL decodes. `frames` are rising numbers from 0; None means all."""
    return _reel3d.read_frames(_os.fspath(shards), id, frames, size)


def read_jpegs(shards, id, frames=None):
    """Returns frames of a video as they are stored: a list of bytes, each a JPEG. `frames` is that of read_frames."""
    return _reel3d.read_jpegs(_os.fspath(shards), id, frames)


def read_scores(path):
    """Returns the scores that score-videos wrote, from one file or from all files of a folder, in order of their parts.

    Attributes of the M clips: logits (M, classes) float32, video (M) (an index into ids), first_frame, num_distinct,
    crop. Attributes of the V videos: ids (V), labels (V) int64, -1 if unknown. Other attributes: classes, checkpoint,
    data, settings, subset, num_videos_expected.
    """
    path = _Path(path)
    if not path.is_dir():
        return _SimpleNamespace(**_reel3d.read_score_file(_os.fspath(path)))
    files = sorted(path.glob("scores-[0-9]*.h5"))
    if not files:
        raise InputError(f"{path}: holds no scores-NNNNN.h5; name a folder that score-videos wrote")
    return _joined(path, [_reel3d.read_score_file(_os.fspath(file)) for file in files])


def _joined(path, parts):
    import numpy

    first = parts[0]
    for part in parts[1:]:
        for name in ("checkpoint", "data", "settings", "subset", "classes", "num_parts"):
            if part[name] != first[name]:
                raise InputError(f"{path}: its score files differ in {name}: they come from several runs")
    found = [part["part"] for part in parts]
    if found != list(range(first["num_parts"])):
        raise InputError(f"{path}: holds parts {found} of {first['num_parts']}: run score-videos to its end")
    firsts = numpy.cumsum([0] + [len(part["ids"]) for part in parts])
    joined = dict(first)
    for name in ("logits", "first_frame", "num_distinct", "crop", "labels"):
        joined[name] = numpy.concatenate([part[name] for part in parts])
    joined["video"] = numpy.concatenate([part["video"] + rows for part, rows in zip(parts, firsts)])
    joined["ids"] = [id for part in parts for id in part["ids"]]
    return _SimpleNamespace(**joined)
