# SPDX-License-Identifier: Apache-2.0
import gc
import os
import re
import subprocess
import sys
import zlib

import numpy
import pytest

import reel3d
from reel3d import _reel3d

OPTIONS = {"batch": 8, "sample_size": 48, "last_batch": "keep", "threads": 2}


def loaded(batches):
    return [
        (b.step, b.part, zlib.crc32(b.clips.tobytes()), list(zip(b.ids, b.first_frames.tolist())))
        for b in batches
    ]


def num_threads():
    return len(os.listdir("/proc/self/task"))


@pytest.mark.parametrize("epoch, first_step, micro_batch", [(0, 0, 0), (3, 1, 0), (1, 0, 3)])
@pytest.mark.parametrize("num_ranks", [1, 2, 4])
def test_bytes_are_those_of_train_r3d(shards, listed, epoch, first_step, micro_batch, num_ranks):
    clips = []
    for rank in range(num_ranks):
        loader = reel3d.ClipLoader(
            shards, rank=rank, num_ranks=num_ranks, micro_batch=micro_batch, **OPTIONS
        )
        found = loaded(loader.epoch(epoch, first_step))
        assert found == listed(epoch, first_step, micro_batch, rank, num_ranks)
        clips += [clip for batch in found for clip in batch[3]]
    whole = loaded(reel3d.ClipLoader(shards, **OPTIONS).epoch(epoch, first_step))
    assert sorted(clips) == sorted(clip for batch in whole for clip in batch[3])


def test_resumes_by_step_and_counts_epochs(shards):
    loader = reel3d.ClipLoader(shards, **OPTIONS)
    whole = loaded(loader.epoch(0))
    assert len(loader) == len(whole) == 3
    assert loaded(loader.epoch(0, first_step=2)) == whole[2:]
    assert [batch.epoch for batch in loader] == [1, 1, 1]


def test_float32_is_the_formula(shards):
    mean, std = [114.7748, 107.7354, 99.475], [38.7, 37.9, 40.0]
    bytes_ = reel3d.ClipLoader(shards, **OPTIONS)
    floats = reel3d.ClipLoader(shards, dtype="float32", mean=mean, std=std, **OPTIONS)
    per_channel = (1, 3, 1, 1, 1)
    for pixels, values in zip(bytes_, floats):
        m, s = (numpy.array(v, numpy.float32).reshape(per_channel) for v in (mean, std))
        assert values.clips.dtype == numpy.float32
        assert numpy.array_equal(values.clips, (pixels.clips.astype(numpy.float32) - m) / s)


def test_arrays_outlive_the_loader_without_a_copy(shards):
    loader = reel3d.ClipLoader(shards, **OPTIONS)
    batches = list(loader.epoch(0))
    expected = loaded(batches)
    arrays = [numpy.from_dlpack(batch.clips) for batch in batches]
    assert all(numpy.shares_memory(a, b.clips) for a, b in zip(arrays, batches))
    del loader, batches
    gc.collect()
    assert [zlib.crc32(array.tobytes()) for array in arrays] == [batch[2] for batch in expected]


def test_deleting_an_epoch_ends_its_threads(shards):
    before = num_threads()
    epoch = reel3d.ClipLoader(shards, **OPTIONS).epoch(0)
    next(epoch)
    assert num_threads() == before + 2
    del epoch
    assert num_threads() == before


def test_a_fork_gets_an_error_and_does_not_hang(shards):
    program = f"""
import os, reel3d
loader = reel3d.ClipLoader({str(shards)!r}, **{OPTIONS})
epoch = loader.epoch(0)
child = os.fork()
if child == 0:
    for use in (lambda: next(epoch), lambda: loader.epoch(1), lambda: reel3d.ClipLoader({str(shards)!r})):
        try:
            use()
            os._exit(1)
        except reel3d.UsageError as error:
            assert "forked" in str(error)
    raise SystemExit(7)  # the interpreter ends with the loader alive
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert len(list(epoch)) == 3
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


def test_the_interpreter_ends_with_a_live_loader(shards):
    program = f"import reel3d; e = reel3d.ClipLoader({str(shards)!r}, **{OPTIONS}).epoch(0); next(e)"
    run = subprocess.run([sys.executable, "-c", program], timeout=30, capture_output=True)
    assert (run.returncode, run.stderr) == (0, b"")


def test_a_pipe_in_place_of_a_shard_is_an_error(shards):
    """A pipe without a writer must not let the loader wait for ever."""
    (shards / "00000.h5").unlink()
    os.mkfifo(shards / "00000.h5")
    program = f"""
import reel3d
try:
    list(reel3d.ClipLoader({str(shards)!r}, **{OPTIONS}))
except reel3d.Error:
    raise SystemExit(8)
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=30).returncode == 8


def test_wrong_arguments_are_named(shards, tmp_path):
    with pytest.raises(reel3d.InputError, match=re.escape(str(tmp_path / "none"))):
        reel3d.ClipLoader(tmp_path / "none")
    with pytest.raises(reel3d.UsageError, match="no keyword bach"):
        reel3d.ClipLoader(shards, bach=3)
    with pytest.raises(reel3d.UsageError, match="clip_length=0 is not in 1"):
        reel3d.ClipLoader(shards, clip_length=0)
    with pytest.raises(reel3d.UsageError, match="none of fast, exact"):
        reel3d.ClipLoader(shards, decoding="slow")
    with pytest.raises(reel3d.UsageError, match="rank=2 must be below"):
        reel3d.ClipLoader(shards, rank=2, num_ranks=2)


def test_a_damaged_shard_is_told_and_its_clips_replaced(shards):
    os.truncate(shards / "00001.h5", 3000)
    loader = reel3d.ClipLoader(shards, max_failed_fraction=1, **OPTIONS)
    with pytest.warns(RuntimeWarning, match="is damaged"):
        batches = list(loader.epoch(0))
    assert all(id < "video12" for batch in batches for id in batch.ids)
    assert set(loader.damaged) and all(id >= "video12" for id in loader.damaged)
    with pytest.warns(RuntimeWarning), pytest.raises(reel3d.InputError, match="max_failed_fraction"):
        list(reel3d.ClipLoader(shards, **OPTIONS))


def test_frames_of_a_video(shards):
    frames = reel3d.read_frames(shards, "video02", [0, 5], size=64)
    assert (frames.shape, frames.dtype) == ((3, 2, 64, 64), numpy.uint8)
    jpegs = reel3d.read_jpegs(shards, "video02")
    assert len(jpegs) == 14 and all(jpeg[:2] == b"\xff\xd8" for jpeg in jpegs)
    with pytest.raises(reel3d.InputError, match="holds no video nobody"):
        reel3d.read_frames(shards, "nobody")
    with pytest.raises(reel3d.UsageError, match="must rise"):
        reel3d.read_frames(shards, "video02", [5, 0])


def test_scores_of_a_file(tmp_path):
    golden = os.path.join(os.path.dirname(__file__), "../../tests/golden/scores_version_1.h5")
    scores = reel3d.read_scores(golden)
    assert scores.ids == ["a", "b"] and scores.classes == ["jump", "naïve walk"]
    assert scores.labels.tolist() == [1, -1] and scores.video.tolist() == [0, 0, 1]
    assert scores.logits.tolist() == [[0.5, -1], [3.25, 0], [-0.125, float(numpy.float32(1e-30))]]
    with pytest.raises(reel3d.InputError, match="holds no scores"):
        reel3d.read_scores(tmp_path)


def test_the_stub_names_every_option():
    stub = os.path.join(os.path.dirname(reel3d.__file__), "__init__.pyi")
    with open(stub, encoding="utf-8") as file:
        arguments = file.read().split("def __init__(")[1].split(") -> None")[0]
    named = re.findall(r"^\s+(\w+):", arguments, re.MULTILINE)
    assert sorted(named) == sorted(["shards", *_reel3d.options()[0]])
