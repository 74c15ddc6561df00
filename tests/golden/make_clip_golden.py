"""Golden numbers for resizing and decoding, made by PIL.

    pip install pillow==11.3.0 numpy
    python3 tests/golden/make_clip_golden.py tests/golden/clip_golden.json

Every version of Pillow that the reference code could have used filters columns first, as we do.
Pillow 13 filters rows first in some portrait regions, so the last bit differs there.

Writes {"resize": [case...], "jpeg": {"bytes": hex, "cases": [case...]}}. A case has the fields of a
CropPlan, the CRC-32 of the planes that PIL makes from it, and for small results the planes as hex.
The picture of a resize case is test_picture() below, which the C++ test computes for itself.
"""
import io
import json
import sys
import zlib

import numpy
from PIL import Image


def test_picture(width, height):
    """Returns slopes, edges and noise. It uses only integers, so that any language gets the same values."""
    y, x, c = numpy.meshgrid(numpy.arange(height), numpy.arange(width), numpy.arange(3), indexing="ij")
    noise = (x * 7919 + y * 104729 + c * 1299709 + x * y * (c + 3)) % 71
    steps = ((x // 5 + y // 7 + c) % 3) * 60
    return ((x * 2 + y * (c + 1)) % 64 + noise + steps).astype(numpy.uint8)


def plan(frame, region, resized, window, size, flip=False):
    names = ("frame_width frame_height x y width height resized_width resized_height "
             "window_x window_y size flip").split()
    return dict(zip(names, [*frame, *region, *resized, *window, size, flip]))


def crop(frame, x, y, width, height, size=112, flip=False):
    return plan(frame, (x, y, width, height), (size, size), (0, 0), size, flip)


def center(frame, size=112):
    width, height = frame
    if width <= height:
        resized = size, int(size * height / width)
    else:
        resized = int(size * width / height), size
    window = [int(round((side - size) / 2)) for side in resized]
    return plan(frame, (0, 0, width, height), resized, window, size)


def apply(image, p):
    x, y, size = p["x"], p["y"], p["size"]
    image = image.crop((x, y, x + p["width"], y + p["height"]))
    image = image.resize((p["resized_width"], p["resized_height"]), Image.BILINEAR)
    x, y = p["window_x"], p["window_y"]
    image = image.crop((x, y, x + size, y + size))
    if p["flip"]:
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    planes = numpy.ascontiguousarray(numpy.asarray(image).transpose(2, 0, 1)).tobytes()
    case = dict(p, crc32=zlib.crc32(planes))
    if size <= 9:
        case["planes"] = planes.hex()
    return case


def resize_plans():
    hd = 640, 360
    for side in (360, 302, 254, 214, 180):
        yield crop(hd, 0, 0, side, side)
        yield crop(hd, hd[0] - side, hd[1] - side, side, side, flip=True)
    for side in (144, 120, 101, 85, 72):  # the last three are enlarged
        yield crop((256, 144), 256 - side, 0, side, side)
    yield crop((320, 240), 13, 5, 211, 97)
    yield crop((320, 240), 100, 60, 97, 168, flip=True)
    yield crop((112, 112), 0, 0, 112, 112)
    yield crop((112, 112), 0, 0, 112, 112, flip=True)
    yield crop((200, 150), 31, 17, 112, 112)
    yield crop((33, 29), 3, 2, 17, 17, size=9)
    yield crop((33, 29), 0, 0, 33, 29, size=9, flip=True)
    yield crop((9, 7), 2, 1, 3, 5, size=8)
    yield crop((2, 1), 0, 0, 1, 1, size=8)
    yield crop((1000, 700), 1, 1, 999, 699, size=8)
    for frame in (hd, (480, 360), (427, 240), (319, 240), (202, 360), (360, 360), (256, 144), (64, 48),
                  (112, 200), (17, 5)):
        yield center(frame)
    yield center((50, 30), size=9)
    yield center((31, 50), size=8)


def jpeg_case():
    width, height = 214, 120
    smooth = test_picture(width, height) // 3 + numpy.linspace(0, 160, width, dtype=numpy.uint8)[None, :, None]
    stream = io.BytesIO()
    Image.fromarray(smooth).save(stream, "JPEG", quality=90, subsampling="4:2:0", restart_marker_blocks=4)
    image = Image.open(io.BytesIO(stream.getvalue()))
    image.load()
    frame = width, height
    plans = [center(frame), crop(frame, 47, 0, 120, 120), crop(frame, 0, 0, 60, 60), crop(frame, 154, 60, 60, 60),
             crop(frame, 77, 30, 60, 60, flip=True), crop(frame, 113, 19, 101, 101)]
    return {"bytes": stream.getvalue().hex(), "cases": [apply(image, p) for p in plans]}


def main():
    resize = []
    for p in resize_plans():
        image = Image.fromarray(test_picture(p["frame_width"], p["frame_height"]))
        resize.append(apply(image, p))
    cases = ",\n".join(json.dumps(case) for case in resize)
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write('{"resize": [\n%s\n],\n"jpeg": %s}\n' % (cases, json.dumps(jpeg_case())))


main()
