"""Makes plan_golden.json: the formulas of lib/plan, written independently of its code.

Usage: python3 tests/golden/make_plan_golden.py > tests/golden/plan_golden.json
Needs only Python. Daly's equations are in the form in which his paper prints them; the expected
times of a job with a limit are summed term by term, and all-reduces are counted step by step.
"""

import json
import math


def daly_interval(save, mtbf):
    if save >= 2 * mtbf:
        return mtbf
    half = save / (2 * mtbf)
    return math.sqrt(2 * save * mtbf) * (1 + half**0.5 / 3 + half / 9) - save


def daly_wall(work, interval, save, start, mtbf):
    """Expected time by Daly's equation 20, plus the time of the first start, which may fail as well."""
    cycle = mtbf * math.exp(start / mtbf) * (math.exp((interval + save) / mtbf) - 1)
    return work / interval * cycle + mtbf * (math.exp(start / mtbf) - 1)


def limited_job(interval, save, start, mtbf, limit):
    """Returns (expected length, expected kept work) of a job that fails or reaches its limit."""
    kept, done, count = 0.0, start, 0
    while done + interval + save <= limit - save:
        done += interval + save
        count += 1
        kept += interval * (math.exp(-done / mtbf) - math.exp(-limit / mtbf))
    at_limit = count * interval + min(interval, limit - save - done)
    kept += math.exp(-limit / mtbf) * at_limit
    return mtbf * (1 - math.exp(-limit / mtbf)), kept


def ring(size, members, latency, bandwidth):
    """Time of a ring all-reduce: each of its 2 (n - 1) steps sends one of n parts."""
    return sum(latency + size / members / bandwidth for _ in range(2 * (members - 1)))


def tree(size, members, latency, bandwidth):
    """Time of a tree all-reduce: log2(members) levels, rounded up, and all bytes, once up and once down."""
    levels = 0
    while 2**levels < members:
        levels += 1
    return 2 * levels * latency + (2 * size / bandwidth if members > 1 else 0)


def main():
    jobs = [(30, 60, 3600), (30, 120, 86400), (300, 600, 13000), (5, 0, 1e7)]
    golden = {
        "intervals": [
            {
                "save_s": save,
                "mtbf_s": mtbf,
                "young_s": (2 * save * mtbf) ** 0.5,
                "daly_s": daly_interval(save, mtbf),
            }
            for save, mtbf in [(30, 3600), (60, 86400), (300, 1000), (500, 240), (480, 240)]
        ],
        "walls": [
            {
                "work_s": work,
                "interval_s": interval,
                "save_s": save,
                "start_s": start,
                "mtbf_s": mtbf,
                "wall_s": daly_wall(work, interval, save, start, mtbf),
            }
            for save, start, mtbf in jobs
            for work, interval in [(1e6, 600), (5e4, 1800)]
        ],
        "limited_jobs": [
            {
                "interval_s": 900,
                "save_s": save,
                "start_s": start,
                "mtbf_s": mtbf,
                "limit_s": limit,
                "length_s": limited_job(900, save, start, mtbf, limit)[0],
                "kept_s": limited_job(900, save, start, mtbf, limit)[1],
            }
            for save, start, mtbf in jobs
            for limit in (4000, 86400)
        ],
        "all_reduces": [
            {
                "size_bytes": size,
                "members": members,
                "latency_s": latency,
                "bytes_per_s": bandwidth,
                "ring_s": ring(size, members, latency, bandwidth),
                "tree_s": tree(size, members, latency, bandwidth),
            }
            for size in (1e4, 133e6)
            for members in (1, 2, 3, 8, 1000)
            for latency, bandwidth in [(1e-5, 25e9), (1e-3, 1e9)]
        ],
        "harmonic": [
            {"n": n, "sum": sum(1 / term for term in range(1, n + 1))}
            for n in (1, 2, 100, 101, 1000, 100000)
        ],
    }
    print(json.dumps(golden, indent=1))


if __name__ == "__main__":
    main()
