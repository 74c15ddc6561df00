"""Measures bench-loader: one and two threads, its phases, and its memory over many clips.

Usage: scaling.py BIN_DIR SHARDS_DIR RESULT.json [--rounds N] [--long CLIPS]
"""

import argparse
import json
import os
import subprocess
import sys

import machine


def bench_loader(args, threads, clips):
    command = [os.path.join(args.bin_dir, "bench-loader"), "--json", f"--threads={threads}",
               f"--clips={clips}", args.shards_dir]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin_dir", "shards_dir", "result"):
        parser.add_argument(name)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--long", type=int, default=100_000)
    args = parser.parse_args()

    runs = {threads: [] for threads in (1, 2)}
    for _ in range(args.rounds):
        for threads, reports in runs.items():
            reports.append(bench_loader(args, threads, 2000))
    speed = {threads: [report["clips_per_s"] for report in reports] for threads, reports in runs.items()}
    phases = {name: machine.median([report["phases_ms"][name] for report in runs[1]])
              for name in runs[1][0]["phases_ms"]}
    figures = {
        "clips_per_s": {threads: machine.median(values) for threads, values in speed.items()},
        "two_threads_over_one": machine.median([b / a for a, b in zip(speed[1], speed[2])]),
        "phases_ms": phases,
    }
    if args.long > 0:
        long_run = bench_loader(args, 2, args.long)
        figures["long_run"] = {
            name: long_run[name] for name in ("num_clips", "clips_per_s", "early_rss_bytes", "rss_bytes")}
    machine.write_json(args.result, "scaling", figures)
    print("\n" + json.dumps(figures, indent=1))


if __name__ == "__main__":
    sys.exit(main())
