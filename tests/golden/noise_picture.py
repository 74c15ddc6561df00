"""Makes pictures of smooth noise from whole numbers. tests/duplicates/noise_picture.h has the same formula."""

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
