"""Makes whole_frame_golden.json: logits of complete frames of several shapes, by PIL and PyTorch.

    pip install torch==2.11.0 pillow==11.3.0 numpy
    python3 tests/golden/make_whole_frame_golden.py > tests/golden/whole_frame_golden.json

A clip is a few JPEGs, repeated. PIL decodes them and resizes the short side to SIZE pixels and the long side to the
whole part of SIZE * long / short. Nothing is cut away: networks.py gets the complete frames in float64. Weights are those
of noise.py. tests/infer/whole_frame_test.cc compares reel3d with the output.
"""

import io
import json
import sys

import numpy
import torch
from PIL import Image

from networks import CLASSES, build
from noise import fill

SIZE, LENGTH = 32, 8
MEAN, STD = [114.7748, 107.7354, 99.4750], [64.0, 60.0, 56.0]
SHAPES = [(60, 40), (40, 60), (71, 40), (48, 48), (100, 40), (32, 90)]
NETWORKS = [{"model": "r3d", "depth": 10, "shortcut": "b", "width": 0.25}, {"model": "i3d", "width": 0.125},
            {"model": "r2p1d", "depth": 10, "shortcut": "a", "width": 0.125}]


def picture(width, height, number):
    y, x, c = numpy.meshgrid(numpy.arange(height), numpy.arange(width), numpy.arange(3), indexing="ij")
    waves = numpy.sin(x / 5 + number) + numpy.cos(y / 7 - c) + numpy.sin((x + y) / 11 + 2 * number + c)
    return (128 + 40 * waves).astype(numpy.uint8)


def jpeg(width, height, number):
    stream = io.BytesIO()
    Image.fromarray(picture(width, height, number)).save(stream, "JPEG", quality=90, subsampling="4:2:0")
    return stream.getvalue()


def planes(data):
    image = Image.open(io.BytesIO(data)).convert("RGB")
    width, height = image.size
    short = min(width, height)
    resized = image.resize((SIZE * width // short, SIZE * height // short), Image.BILINEAR)
    return (numpy.asarray(resized, dtype=numpy.float64) - MEAN) / STD


def main():
    torch.set_num_threads(1)
    videos = []
    for number, (width, height) in enumerate(SHAPES):
        videos.append([jpeg(width, height, 3 * number + frame) for frame in range(3)])
    cases = []
    for options in NETWORKS:
        network = build(**options).double()
        fill(network)
        network.eval()
        logits = []
        for video in videos:
            frames = [planes(data) for data in video]
            clip = numpy.stack([frames[t % len(frames)] for t in range(LENGTH)])
            with torch.no_grad():
                logits.append(network(torch.from_numpy(clip).permute(3, 0, 1, 2)[None])[0].tolist())
        cases.append({"options": options, "logits": logits})
    golden = {"classes": CLASSES, "size": SIZE, "length": LENGTH, "mean": MEAN, "std": STD,
              "shapes": SHAPES, "videos": [[data.hex() for data in video] for video in videos], "cases": cases}
    json.dump(golden, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
