# SPDX-License-Identifier: Apache-2.0
import os
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Literal

import numpy
from numpy.typing import NDArray

class Error(Exception): ...
class UsageError(Error, ValueError): ...
class InputError(Error): ...
class MachineError(Error): ...

class ClipBatch:
    """One batch of this rank. The array `clips` owns its memory, so it may outlive batch and loader."""

    @property
    def clips(self) -> NDArray:
        """(N, C, T, H, W), red first. uint8: contiguous. float32: channels last in memory."""
    @property
    def labels(self) -> NDArray[numpy.int64]: ...
    @property
    def first_frames(self) -> NDArray[numpy.int64]: ...
    @property
    def ids(self) -> list[str]: ...
    @property
    def faults(self) -> list[tuple[str, str, bool]]:
        """Damaged videos: id, reason, True if another clip replaces the video's clip. If False, the batch lacks it."""
    @property
    def epoch(self) -> int: ...
    @property
    def step(self) -> int: ...
    @property
    def part(self) -> int:
        """Number of the micro-batch in its step."""

class EpochBatches(Iterator[ClipBatch]):
    def __next__(self) -> ClipBatch: ...
    def close(self) -> None:
        """Ends the threads. So does deleting the iterator."""

class ClipLoader:
    def __init__(
        self,
        shards: str | os.PathLike[str],
        batch: int = 256,
        *,
        micro_batch: int = 0,
        last_batch: Literal["drop", "keep"] = "drop",
        seed: int = 1,
        clip_length: int = 16,
        frame_stride: int = 1,
        clip_start: Literal["inclusive", "exclude-last"] = "inclusive",
        clips_per_video: int = 1,
        train_crop: Literal["corner", "random", "center"] = "corner",
        sample_size: int = 112,
        crop_scales: Sequence[float] = ...,
        crop_rounding: Literal["halves2018", "round2020"] = "halves2018",
        min_crop_area: float = 0.25,
        min_crop_aspect: float = 0.75,
        flip_probability: float = 0.5,
        decoding: Literal["fast", "exact"] = "fast",
        dtype: Literal["uint8", "float32"] = "uint8",
        pixel_range: float = 255,
        channels: Literal["rgb", "bgr", "grey"] = "rgb",
        mean: Sequence[float] = ...,
        std: Sequence[float] = ...,
        rank: int = 0,
        num_ranks: int = 1,
        threads: int = 0,
        max_failed_fraction: float = 0.01,
    ) -> None: ...
    def epoch(self, epoch: int, first_step: int = 0) -> EpochBatches:
        """Loads an epoch from a step on. Loading starts at once."""
    def validation(self, clips: int = 3, capped: bool = True) -> EpochBatches:
        """Loads this rank's share of the windows of the validation videos, as train-r3d does."""
    def __iter__(self) -> EpochBatches: ...
    def __len__(self) -> int: ...
    @property
    def classes(self) -> list[str]: ...
    @property
    def damaged(self) -> dict[str, str]:
        """The reason for each damaged video that this loader has found."""

def read_frames(
    shards: str | os.PathLike[str], id: str, frames: Sequence[int] | None = None, size: int = 112
) -> NDArray[numpy.uint8]: ...
def read_jpegs(
    shards: str | os.PathLike[str], id: str, frames: Sequence[int] | None = None
) -> list[bytes]: ...
def read_scores(path: str | os.PathLike[str]) -> SimpleNamespace: ...
