"""Computes PDQ hashes and qualities with the wheel `pdqhash`, for tests/duplicates/pdq_hasher_test.cc.

    pip install pdqhash numpy      # 0.2.8
    python3 tests/golden/make_pdq_golden.py > tests/golden/pdq.json

The pictures come from a formula of whole numbers that the test repeats.
"""

import json

import numpy
import pdqhash

from noise_picture import grey


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
