"""Our loader against its peers on the same clips of the same shards; see docs/explanation/data_path.md.

Usage: loaders.py BIN_DIR SHARDS_DIR H264_DIR WORK_DIR RESULT.json NAME [--clips N] [--rounds N] [--only NAMES]

In every round, each loader runs once with one thread. The result is the median CPU time of its process over
the rounds. H264_DIR has a folder for each kind of stream, with one file ID.mp4 for each video; "-": none.

bench-loader and reel3d.ClipLoader draw OWN_CLIPS clips of their own, in the same way. All videos of SHARDS_DIR must
be for training, because ClipLoader takes no others. Both are also timed by the clock, with two threads.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import time

import numpy as np

import reel3d

import machine
import peers

CPP = ["ours", "ours-exact", "virtual-crop", "full-decode", "read", "copy"]
OWN_CLIPS = 1000


def read_clips(path):
    with open(path, encoding="utf-8") as file:
        names = file.readline().split()
        clip_type = collections.namedtuple("Clip", names)
        rows = [line.rstrip("\n").split("\t") for line in file]
    return [clip_type(row[0], *map(int, row[1:])) for row in rows]


def make_peers(shards, h264_dir, work_dir, only):
    """Returns {name: function}. The function takes a list of clips and yields the pixels of each clip."""
    one_by_one = {
        "reference": lambda: peers.Reference(shards, os.path.join(work_dir, "reference")),
        "pil": lambda: peers.Pil(shards),
        "opencv": lambda: peers.ByDecoder(shards, peers.opencv_decoder(), halves=False),
        "opencv-half": lambda: peers.ByDecoder(shards, peers.opencv_decoder(), halves=True),
        "simplejpeg": lambda: peers.ByDecoder(shards, peers.simplejpeg_decoder(), halves=False),
        "simplejpeg-half": lambda: peers.ByDecoder(shards, peers.simplejpeg_decoder(), halves=True),
        "turbojpeg-half": lambda: peers.ByDecoder(shards, peers.turbojpeg_decoder(), halves=True),
    }
    for stream in sorted(os.listdir(h264_dir)) if h264_dir != "-" else []:
        one_by_one[f"pyav-{stream}"] = lambda s=stream: peers.PyAv(os.path.join(h264_dir, s))
        one_by_one[f"decord-{stream}"] = lambda s=stream: peers.Decord(os.path.join(h264_dir, s))
    loaders = {name: lambda clips, f=make(): map(f, clips) for name, make in one_by_one.items()
               if only(name)}
    if only("dali-cpu"):
        dali = peers.Dali(shards)
        batches = lambda clips: (clips[i : i + dali.CLIPS] for i in range(0, len(clips), dali.CLIPS))
        loaders["dali-cpu"] = lambda clips: (p for batch in batches(clips) for p in dali.batch(batch))
    return loaders


def run_bench_loader(args, threads):
    """Returns milliseconds a clip: CPU time, and time by the clock."""
    command = [os.path.join(args.bin_dir, "bench-loader"), "--json", f"--threads={threads}", f"--clips={OWN_CLIPS}"]
    found = json.loads(subprocess.run(command + [args.shards_dir], check=True, capture_output=True).stdout)
    return 1000 / found["clips_per_s_per_core"], 1000 / found["clips_per_s"]


def run_clip_loader(args, dtype, threads):
    """Returns the same as run_bench_loader()."""
    with open(os.path.join(args.shards_dir, "index.tsv"), encoding="utf-8") as index:
        num_videos = sum(1 for _ in index) - 1
    loader = reel3d.ClipLoader(args.shards_dir, batch=32, last_batch="keep", dtype=dtype, threads=threads,
                               clips_per_video=max(1, OWN_CLIPS // num_videos))
    cpu_s, clock_s = time.process_time(), time.monotonic()
    num_clips = sum(len(batch.ids) for batch in loader.epoch(0))
    return 1000 * (time.process_time() - cpu_s) / num_clips, 1000 * (time.monotonic() - clock_s) / num_clips


def run_cpp(args, clips, pixels):
    command = [os.path.join(args.bin_dir, "time-loaders"), "--json", f"--clips={args.clips}",
               "--loaders=" + ",".join(filter(args.only, CPP)), f"--clip-list={clips}"]
    if pixels:
        command += ["--passes=1", f"--pixels={pixels}"]
    return json.loads(subprocess.run(command + [args.shards_dir], check=True, capture_output=True).stdout)


class Fidelity:
    """PSNR against PIL's pixels, for each scale: the side of the crop over the short side of the frame."""

    def __init__(self, clips, truth):
        self.truth = truth
        self.scales = [round(c.side / min(c.frame_width, c.frame_height), 2) for c in clips]

    def of(self, pixels):
        squares = collections.defaultdict(list)
        for scale, true, ours in zip(self.scales, self.truth, pixels):
            squares[scale].append(np.mean((true.astype(np.float32) - ours) ** 2))
        psnr = lambda values: round(float(10 * np.log10(255**2 / max(np.mean(values), 1e-6))), 1)
        by_scale = {scale: psnr(values) for scale, values in sorted(squares.items(), reverse=True)}
        return {"psnr_db": psnr(sum(squares.values(), [])), "psnr_db_by_scale": by_scale}


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin_dir", "shards_dir", "h264_dir", "work_dir", "result", "name"):
        parser.add_argument(name)
    parser.add_argument("--clips", type=int, default=140)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="of the peers and C++ loaders run only these and ours")
    args = parser.parse_args()
    names = args.only.split(",")
    args.only = lambda name: names == [""] or name in ["ours", *names]

    os.makedirs(args.work_dir, exist_ok=True)
    clip_list = os.path.join(args.work_dir, "clips.tsv")
    run_cpp(args, clip_list, args.work_dir)
    clips = read_clips(clip_list)
    loaders = make_peers(peers.Shards(args.shards_dir), args.h264_dir, args.work_dir, args.only)

    # The first round is not timed: it compares the pixels of the loaders.
    fidelity = Fidelity(clips, list(loaders["pil"](clips)))
    figures = {name: fidelity.of(loader(clips)) for name, loader in loaders.items()}
    for name in filter(args.only, CPP):
        path = os.path.join(args.work_dir, name + ".u8")
        figures[name] = {}
        if os.path.exists(path):
            figures[name] = fidelity.of(np.memmap(path, np.uint8).reshape(-1, 3, peers.T, peers.S, peers.S))
            os.remove(path)
    del fidelity

    times = collections.defaultdict(list)
    two_threads = []
    for _ in range(args.rounds):
        for name, figure in run_cpp(args, clip_list, None).items():
            times[name].append(figure["ms_per_clip"])
        times["bench-loader"].append(run_bench_loader(args, 1)[0])
        for dtype in ("uint8", "float32"):
            times[f"ClipLoader {dtype}"].append(run_clip_loader(args, dtype, 1)[0])
        two_threads.append(run_bench_loader(args, 2)[1] / run_clip_loader(args, "uint8", 2)[1])
        for name, loader in loaders.items():
            begin = time.process_time()
            collections.deque(loader(clips), maxlen=0)
            times[name].append(1000 * (time.process_time() - begin) / len(clips))
    for name, ms in times.items():
        # Both times of a ratio are from the same round, because a busy machine slows both loaders.
        gain = lambda other, ms=ms: machine.median([a / b for a, b in zip(ms, times[other])])
        figures.setdefault(name, {}).update({"ms_per_clip": machine.median(ms), "ours_is_faster": gain("ours"),
                                             "clip_loader_is_faster": gain("ClipLoader uint8")})
    figures = {"clips": len(clips), "rounds": args.rounds, "loaders": figures,
               "clip_loader_over_bench_loader_two_threads": machine.median(two_threads)}
    machine.write_json(args.result, args.name, figures)
    print_table(args.name, figures)


def print_table(name, figures):
    print(f"\n{name}, {figures['clips']} clips, medians of {figures['rounds']} rounds, one core")
    print(f"{'loader':20}{'ms/clip':>9}{'clips/s':>9}{'ours is':>9}{'ClipLoader is':>15}{'dB':>7}  dB by scale")
    for loader, row in sorted(figures["loaders"].items(), key=lambda item: -item[1]["ms_per_clip"]):
        ms = row["ms_per_clip"]
        scales = " ".join(f"{k}:{v}" for k, v in row.get("psnr_db_by_scale", {}).items())
        print(f"{loader:20}{ms:9.2f}{1000 / ms:9.0f}{row['ours_is_faster']:8.2f}x{row['clip_loader_is_faster']:14.2f}x"
              f"{row.get('psnr_db', ''):>7}  {scales}")
    print(f"two threads, by the clock: ClipLoader uint8 loads {figures['clip_loader_over_bench_loader_two_threads']:.3f} times "
          "as many clips a second as bench-loader")


if __name__ == "__main__":
    sys.exit(main())
