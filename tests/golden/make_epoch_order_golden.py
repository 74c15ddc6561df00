"""Prints the numbers of tests/loader/epoch_order_test.cc: an epoch's order by its definition, a sort by random keys.

    python3 tests/golden/make_epoch_order_golden.py
"""
import zlib

from make_rng_golden import draws, stable_hash


def order(num_videos, seed, epoch, clips_per_video):
    """Returns (id, repetition) of the training clips; every fourth video is not for training."""
    keyed = []
    for video in range(num_videos):
        name = f"video_{video}"
        for repetition in range(clips_per_video if video % 4 != 3 else 0):
            [key] = draws(seed ^ stable_hash("epoch order"), (epoch, stable_hash(name), repetition), 1)
            keyed.append((key, name, repetition))
    return [(name, repetition) for _, name, repetition in sorted(keyed)]


print(", ".join(f'{{"{name}", {repetition}}}' for name, repetition in order(8, 7, 3, 2)))
print(hex(zlib.crc32("".join(f"{name} {repetition}\n" for name, repetition in order(3000, 1, 0, 1)).encode())))
