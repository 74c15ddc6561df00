"""Makes paired_golden.json: score intervals of the difference of two paired shares (Tango 1998), with scipy.

Usage: python3 tests/golden/make_paired_golden.py > tests/golden/paired_golden.json
Needs numpy and scipy. tests/eval/paired_test_test.cc compares reel3d with its output.

The formulas of the paper are not used. For each difference the likelihood of the four counts is maximised over the
share of videos that get worse; the score statistic with that share is then solved for the limits.
"""

import json
import math
import sys

from scipy.optimize import brentq, minimize_scalar
from scipy.stats import norm

CASES = [(0, 0, 12), (0, 0, 200), (0, 1, 30), (1, 0, 200), (2, 12, 50), (12, 2, 50), (5, 5, 60), (3, 9, 400),
         (0, 8, 60), (40, 60, 20000), (0, 7, 7), (7, 0, 7), (3, 4, 7), (1, 1, 2)]


def log_likelihood(worse, counts, difference):
    to_wrong, to_right, total = counts
    better = worse + difference
    parts = [(to_wrong, worse), (to_right, better), (total - to_wrong - to_right, 1 - worse - better)]
    return sum(k * math.log(max(p, 1e-300)) for k, p in parts if k > 0)


def statistic(difference, counts):
    to_wrong, to_right, total = counts
    least, most = max(0.0, -difference), (1 - difference) / 2
    found = minimize_scalar(lambda w: -log_likelihood(w, counts, difference), bounds=(least, most),
                            method="bounded", options={"xatol": 1e-14, "maxiter": 1000})
    worse = max([least, most, found.x], key=lambda w: log_likelihood(w, counts, difference))
    variance = (2 * worse + difference - difference ** 2) / total
    gap = (to_right - to_wrong) / total - difference
    return 0.0 if gap == 0 else gap / math.sqrt(max(variance, 1e-300))


def limits(counts, level):
    z = norm.ppf((1 + level) / 2)
    middle = (counts[1] - counts[0]) / counts[2]
    low = -1.0 if middle == -1 else brentq(lambda d: statistic(d, counts) - z, -1 + 1e-12, middle, xtol=1e-12)
    high = 1.0 if middle == 1 else brentq(lambda d: statistic(d, counts) + z, middle, 1 - 1e-12, xtol=1e-12)
    return low, high


def main():
    json.dump([[*counts, level, *limits(counts, level)] for counts in CASES for level in (0.9, 0.95)],
              sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
