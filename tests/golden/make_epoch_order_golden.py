"""Prints the numbers of tests/loader/epoch_order_test.cc: an epoch's order by its definition, a sort by random keys.

    python3 tests/golden/make_epoch_order_golden.py
"""
import zlib

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def stable_hash(text):
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return mix(h)


def first_draw(seed, keys):
    state = seed
    for key in keys:
        state = mix(mix((state + GOLDEN) & MASK) ^ key)
    return mix((state + GOLDEN) & MASK)


def order(num_videos, seed, epoch, clips_per_video):
    """Returns (id, repetition) of the training clips; every fourth video is not for training."""
    keyed = []
    for video in range(num_videos):
        name = f"video_{video}"
        for repetition in range(clips_per_video if video % 4 != 3 else 0):
            key = first_draw(seed ^ stable_hash("epoch order"), (epoch, stable_hash(name), repetition))
            keyed.append((key, name, repetition))
    return [(name, repetition) for _, name, repetition in sorted(keyed)]


print(", ".join(f'{{"{name}", {repetition}}}' for name, repetition in order(8, 7, 3, 2)))
print(hex(zlib.crc32("".join(f"{name} {repetition}\n" for name, repetition in order(3000, 1, 0, 1)).encode())))
