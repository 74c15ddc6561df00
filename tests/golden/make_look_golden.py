"""Computes brightness and motion of pictures, for tests/duplicates/video_look_test.cc.

    python3 tests/golden/make_look_golden.py > tests/golden/look.json

The pictures come from noise_picture.py, whose formula the test repeats. `brightness` is the mean of all
pixels. For `motion` each picture is divided into 64 x 64 blocks, and means of blocks are compared.
"""

import json

from noise_picture import grey

SIDE = 64


def block_means(rows, width, height):
    wide, high = width // SIDE, height // SIDE
    return [
        sum(rows[y][x] for y in range(j * high, (j + 1) * high) for x in range(i * wide, (i + 1) * wide)) / (wide * high)
        for j in range(SIDE)
        for i in range(SIDE)
    ]


def main():
    golden = []
    for seeds, width, height in [((1, 4, 7), 64, 64), ((10, 13), 320, 192), ((20, 23, 23, 26), 640, 384), ((30,), 192, 256)]:
        pictures = [grey(seed, width, height) for seed in seeds]
        brightness = sum(sum(map(sum, rows)) for rows in pictures) / (len(pictures) * width * height)
        blocks = [block_means(rows, width, height) for rows in pictures]
        changes = [
            sum(abs(a - b) for a, b in zip(before, after)) / SIDE**2 for before, after in zip(blocks, blocks[1:])
        ]
        motion = sum(changes) / len(changes) if changes else None
        golden.append({"seeds": seeds, "width": width, "height": height, "brightness": brightness, "motion": motion})
    print(json.dumps(golden, indent=1))


if __name__ == "__main__":
    main()
