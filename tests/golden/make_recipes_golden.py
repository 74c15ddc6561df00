"""Makes recipes_golden.json: how the four versions of the reference code cut a video into clips and score it.

Usage: python3 tests/golden/make_recipes_golden.py > tests/golden/recipes_golden.json
Needs numpy and scipy. tests/eval/recipes_test.cc compares reel3d with its output.

Each rule is written as its code states it, frames counted from 1: paper2017 as test_video.lua of the Lua code, pytorch2017
and cvpr2018 as datasets/kinetics.py of the PyTorch code (its first version averaged raw logits, the later one
probabilities), hara2020 as TemporalSlidingWindow of the PyTorch code's master. The network is invented: a clip's logits are
a function of its frame numbers in their order, exact in float32.
"""

import json
import sys

import numpy as np
from scipy.special import log_softmax, softmax

LENGTH = 16
CLASSES = 7
COUNTS = [1, 10, 15, 16, 17, 18, 31, 32, 33, 100, 250, 256, 300]


def looped(frames):
    out = list(frames)
    while len(out) < LENGTH:
        out += frames
    return out[:LENGTH]


def lua_2017(count):
    """for t = 1, n - sample_duration, sample_duration."""
    clips, begin = [], 1
    while begin <= count - LENGTH:
        clips.append(list(range(begin, begin + LENGTH)))
        begin += LENGTH
    return clips


def pytorch_2017(count):
    """for j in range(1, n_frames, step), for a video of one frame no clip."""
    return [looped(list(range(j, min(count + 1, j + LENGTH)))) for j in range(1, count, LENGTH)]


def hara_2020(count):
    """Sliding windows until the first one that must be looped."""
    frames, clips = list(range(1, count + 1)), []
    for begin in range(0, count, LENGTH):
        window = frames[begin:begin + LENGTH]
        clips.append(looped(window))
        if len(window) < LENGTH:
            break
    return clips


RECIPES = {
    "paper2017": (lua_2017, "drop2017", "log-softmax", lambda x: log_softmax(x, axis=1).mean(axis=0)),
    "pytorch2017": (pytorch_2017, "loop2018", "logits", lambda x: x.mean(axis=0)),
    "cvpr2018": (pytorch_2017, "loop2018", "softmax", lambda x: softmax(x, axis=1).mean(axis=0)),
    "hara2020": (hara_2020, "loop", "softmax", lambda x: softmax(x, axis=1).mean(axis=0)),
}


def logits_of(clip):
    return [(sum((t + 1) * (frame * (c + 3) % 97) for t, frame in enumerate(clip)) % 513 - 256) / 64
            for c in range(CLASSES)]


def main():
    cases = []
    for name, (windows, tail, averaging, average) in RECIPES.items():
        for count in COUNTS:
            clips = windows(count)
            # A code that gives no clip has no result for the video; reel3d then scores the first window.
            scored = clips or hara_2020(count)[:1]
            cases.append({"recipe": name, "tail": tail, "averaging": averaging, "num_frames": count,
                          "vanishes": not clips, "clips": [[frame - 1 for frame in clip] for clip in scored],
                          "scores": np.round(average(np.array([logits_of(clip) for clip in scored])), 12).tolist()})
    json.dump({"num_classes": CLASSES, "cases": cases}, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
