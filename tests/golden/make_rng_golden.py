"""Prints the numbers of tests/base/rng_test.cc, computed from the definitions of FNV-1a and SplitMix64.

    python3 tests/golden/make_rng_golden.py
"""

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


def draws(seed, keys, count):
    state = seed
    for key in keys:
        state = mix(mix((state + GOLDEN) & MASK) ^ key)
    for _ in range(count):
        state = (state + GOLDEN) & MASK
        yield mix(state)


if __name__ == "__main__":
    print([stable_hash(t) for t in ("", "daria_bend")])
    print(list(draws(1, (2, 3, 4), 2)))
