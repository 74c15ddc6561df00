"""Writes a shard with h5py, PIL and zlib alone, for tests/shard/reader_test.cc to read.

    python3 tests/golden/make_shard_golden.py    (needs h5py, numpy, Pillow)

writes shard_h5py.h5 (the shard) and shard_h5py.json (its content) beside this file.
Everything is computed here from the format's description, not by reel3d.
"""
import io
import json
import pathlib
import struct
import zlib

import h5py
import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent
CLASSES = ["jump", "wave"]
# id, label, width, height, frames per second (num, den), restart interval, number of frames
VIDEOS = [
    ("a_jump", 0, 48, 32, 25, 1, 2, 3),
    ("ünlabelled", -1, 32, 32, 30000, 1001, 0, 1),
    ("c", 1, 16, 32, 0, 1, 1, 2),
]


def stable_hash(data):
    """Returns the 64-bit FNV-1a hash, mixed by the finaliser of SplitMix64."""
    mask = (1 << 64) - 1
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & mask
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & mask
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & mask
    return value ^ (value >> 31)


def jpeg(width, height, restart, number):
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.stack([rows * 5 + number * 20, columns * 4, rows + columns], -1) % 256
    out = io.BytesIO()
    options = {"restart_marker_blocks": restart} if restart else {}
    Image.fromarray(pixels.astype(np.uint8)).save(
        out, "JPEG", quality=90, subsampling="4:2:0", **options)
    return out.getvalue()


def main():
    frames = [jpeg(v[2], v[3], v[6], n) for v in VIDEOS for n in range(v[7])]
    first = np.cumsum([0] + [v[7] for v in VIDEOS]).astype("<u8")
    offset = np.cumsum([0] + [len(f) for f in frames]).astype("<u8")
    crcs = np.array([zlib.crc32(f) for f in frames], "<u4")
    rows = ["\t".join(map(str, (v[0], v[1], first[i], first[i + 1], v[2], v[3], v[6], v[4], v[5])))
            for i, v in enumerate(VIDEOS)]

    content = "clipshard 1 90 32\n" + f"{len(CLASSES)}\n" + "\n".join(CLASSES) + "\n"
    content += "".join(row + "\n" for row in rows)
    content = content.encode() + b"".join(
        struct.pack("<QI", end, crc) for end, crc in zip(offset[1:], crcs))
    high, low = stable_hash(b"high " + content), stable_hash(b"low " + content)
    uuid = (f"{high >> 32:08x}-{high >> 16 & 0xFFFF:04x}-8{high & 0xFFF:03x}-"
            f"{0x8000 | (low >> 48 & 0x3FFF):04x}-{low & 0xFFFFFFFFFFFF:012x}")

    def text(strings):
        encoded = [s.encode() for s in strings]
        return np.array(encoded, f"S{max(map(len, encoded))}")

    with h5py.File(HERE / "shard_h5py.h5", "w", libver=("v108", "v108")) as file:
        data = {
            "frames/data": np.frombuffer(b"".join(frames), "u1"),
            "frames/offset": offset,
            "frames/crc32": crcs,
            "videos/first": first,
            "videos/id": text([v[0] for v in VIDEOS]),
            "videos/label": np.array([v[1] for v in VIDEOS], "<i4"),
            "videos/width": np.array([v[2] for v in VIDEOS], "<u2"),
            "videos/height": np.array([v[3] for v in VIDEOS], "<u2"),
            "videos/restart": np.array([v[6] for v in VIDEOS], "<u2"),
            "videos/fps_num": np.array([v[4] for v in VIDEOS], "<u4"),
            "videos/fps_den": np.array([v[5] for v in VIDEOS], "<u4"),
            "videos/crc32": np.array([zlib.crc32(r.encode()) for r in rows], "<u4"),
            "classes/name": text(CLASSES),
        }
        for name, values in data.items():
            file.create_dataset(name, data=values)
        for name, value in {
            "format": "clipshard", "uuid": uuid, "tool": "h5py", "codec": "jpeg",
            "subsampling": "420", "color": "full-range BT.601",
        }.items():
            file.attrs[name] = np.bytes_(value)
        for name, value in {"version": 1, "quality": 90, "height": 32}.items():
            file.attrs[name] = np.uint32(value)
        file.attrs["complete"] = np.uint8(1)

    described = {
        "uuid": uuid,
        "classes": CLASSES,
        "videos": [dict(zip(("id", "label", "width", "height", "fps_num", "fps_den",
                             "restart_interval", "num_frames"), v)) for v in VIDEOS],
        "frame_sizes": [len(f) for f in frames],
        "frame_crc32": [int(c) for c in crcs],
    }
    (HERE / "shard_h5py.json").write_text(json.dumps(described, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
