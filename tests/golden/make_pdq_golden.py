"""Computes PDQ hashes and qualities with the wheel `pdqhash`, for tests/duplicates/pdq_hasher_test.cc.

    pip install pdqhash numpy      # 0.2.8
    python3 tests/golden/make_pdq_golden.py > tests/golden/pdq.json

The pictures come from a formula of whole numbers that the test repeats.
"""

import json

import numpy
import pdqhash

MASK = 0xFFFFFFFF


def mix(seed, x, y):
    """A hash of a grid point: 0 .. 255."""
    value = (seed * 0x9E3779B1 + x * 0x85EBCA77 + y * 0xC2B2AE3D) & MASK
    value = ((value ^ (value >> 15)) * 0x2C1B3C6D) & MASK
    value = ((value ^ (value >> 12)) * 0x297A2D39) & MASK
    return (value ^ (value >> 15)) >> 24


def noise(seed, x, y, cell):
    """Bilinear noise with a value every `cell` pixels."""
    left, top, u, v = x // cell, y // cell, x % cell, y % cell
    upper = mix(seed, left, top) * (cell - u) + mix(seed, left + 1, top) * u
    lower = mix(seed, left, top + 1) * (cell - u) + mix(seed, left + 1, top + 1) * u
    return (upper * (cell - v) + lower * v) // (cell * cell)


def grey(seed, width, height):
    return [
        [(noise(seed, x, y, 29) * 5 + noise(seed + 1, x, y, 11) * 2 + noise(seed + 2, x, y, 4)) // 8 for x in range(width)]
        for y in range(height)
    ]


def main():
    golden = []
    for seed, width, height in [(1, 64, 64), (10, 160, 120), (20, 120, 160), (30, 341, 256), (40, 480, 360), (50, 51, 37), (60, 640, 360)]:
        rows = numpy.array(grey(seed, width, height), dtype=numpy.uint8)
        picture = numpy.stack([rows] * 3, axis=2)
        bits, quality = pdqhash.compute(picture)
        # The expected hash of the mirrored picture: left and right are exchanged.
        mirrored, _ = pdqhash.compute(numpy.ascontiguousarray(picture[:, ::-1]))
        golden.append(
            {
                "seed": seed,
                "width": width,
                "height": height,
                "hash": f"{int(''.join(map(str, bits)), 2):064x}",
                "mirrored": f"{int(''.join(map(str, mirrored)), 2):064x}",
                "quality": int(quality),
            }
        )
    print(json.dumps(golden, indent=1))


if __name__ == "__main__":
    main()
