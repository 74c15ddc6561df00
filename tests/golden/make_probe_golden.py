"""Makes probe_golden.json: what classes need, judged with exact fractions instead of reel3d's library.

Usage: python3 tests/golden/make_probe_golden.py > tests/golden/probe_golden.json
Needs only Python. tests/eval/order_probe_test compares reel3d with its output.
"""

import json
import random
import sys
from fractions import Fraction
from math import comb

MOST_LOST = Fraction(1, 5)
SIGNIFICANCE = Fraction(1, 20)


def at_most(count, total, share):
    """Probability that a binomial number is at most count."""
    return sum(comb(total, i) * share**i * (1 - share) ** (total - i) for i in range(count + 1))


def mcnemar(to_wrong, to_right):
    changed = to_wrong + to_right
    return min(Fraction(1), 2 * at_most(min(to_wrong, to_right), changed, Fraction(1, 2)))


def holm(p_values):
    adjusted = [None] * len(p_values)
    largest = Fraction(0)
    for place, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(Fraction(1), (len(p_values) - place) * p_values[i]))
        adjusted[i] = largest
    return adjusted


def judge(rows):
    """rows: [num_videos, num_right, [[to_wrong, to_right] of shuffled, reversed, one frame]]."""
    p_values = []
    for _, num_right, changes in rows:
        p_values += [mcnemar(*change) for change in changes]
        p_values.append(at_most(changes[2][0], num_right, MOST_LOST) if num_right else Fraction(1))
    adjusted = holm(p_values)
    judged = []
    for i, (_, _, changes) in enumerate(rows):
        own = adjusted[4 * i : 4 * i + 4]
        falls = [p < SIGNIFICANCE and change[0] > change[1] for p, change in zip(own, changes)]
        suffices = own[3] < SIGNIFICANCE and not falls[2]
        judged.append({"adjusted": [float(p) for p in own], "needs": falls + [suffices]})
    return judged


def main():
    draw = random.Random(19)
    classes = [
        [60, 55, [[1, 0], [0, 0], [1, 1]]],  # a still scene
        [60, 50, [[45, 1], [48, 0], [40, 2]]],  # needs everything
        [40, 35, [[2, 0], [30, 1], [3, 0]]],  # only the direction of time
        [8, 8, [[2, 0], [1, 0], [2, 0]]],  # too few videos
        [25, 0, [[0, 1], [0, 0], [0, 12]]],  # never right: a rise is no need
    ]
    for _ in range(7):
        videos = draw.randint(5, 80)
        right = draw.randint(0, videos)
        changes = [[draw.randint(0, right), draw.randint(0, videos - right)] for _ in range(3)]
        classes.append([videos, right, changes])
    together = [
        sum(row[0] for row in classes),
        sum(row[1] for row in classes),
        [[sum(row[2][order][way] for row in classes) for way in range(2)] for order in range(3)],
    ]
    json.dump(
        {"classes": classes, "judged": judge(classes), "all": judge([together])[0]}, sys.stdout
    )
    print()


if __name__ == "__main__":
    main()
