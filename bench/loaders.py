"""Our loader against its peers on the same clips of the same shards; see docs/explanation/data_path.md.

Usage: loaders.py BIN_DIR SHARDS_DIR H264_DIR WORK_DIR RESULT.json NAME [--clips N] [--rounds N]

In every round, each loader runs once with one thread. The result is the median CPU time of its process over
the rounds. H264_DIR has a folder for each kind of stream, with one file ID.mp4 for each video.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import time

import numpy as np

import machine
import peers

CPP = ["ours", "ours-exact", "virtual-crop", "full-decode", "read", "copy"]


def read_clips(path):
    with open(path, encoding="utf-8") as file:
        names = file.readline().split()
        clip_type = collections.namedtuple("Clip", names)
        rows = [line.rstrip("\n").split("\t") for line in file]
    return [clip_type(row[0], *map(int, row[1:])) for row in rows]


def make_peers(shards, h264_dir, work_dir):
    """Returns {name: function}. The function takes a list of clips and yields the pixels of each clip."""
    one_by_one = {
        "reference": peers.Reference(shards, os.path.join(work_dir, "reference")),
        "pil": peers.Pil(shards),
        "opencv": peers.ByDecoder(shards, peers.opencv_decoder(), halves=False),
        "opencv-half": peers.ByDecoder(shards, peers.opencv_decoder(), halves=True),
        "simplejpeg": peers.ByDecoder(shards, peers.simplejpeg_decoder(), halves=False),
        "simplejpeg-half": peers.ByDecoder(shards, peers.simplejpeg_decoder(), halves=True),
        "turbojpeg-half": peers.ByDecoder(shards, peers.turbojpeg_decoder(), halves=True),
    }
    for stream in sorted(os.listdir(h264_dir)):
        one_by_one[f"pyav-{stream}"] = peers.PyAv(os.path.join(h264_dir, stream))
        one_by_one[f"decord-{stream}"] = peers.Decord(os.path.join(h264_dir, stream))
    loaders = {name: lambda clips, f=f: map(f, clips) for name, f in one_by_one.items()}
    dali = peers.Dali(shards)
    batches = lambda clips: (clips[i : i + dali.CLIPS] for i in range(0, len(clips), dali.CLIPS))
    loaders["dali-cpu"] = lambda clips: (p for batch in batches(clips) for p in dali.batch(batch))
    return loaders


def run_cpp(args, clips, pixels):
    command = [os.path.join(args.bin_dir, "time-loaders"), "--json", f"--clips={args.clips}",
               "--loaders=" + ",".join(CPP), f"--clip-list={clips}"]
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
    args = parser.parse_args()

    os.makedirs(args.work_dir, exist_ok=True)
    clip_list = os.path.join(args.work_dir, "clips.tsv")
    run_cpp(args, clip_list, args.work_dir)
    clips = read_clips(clip_list)
    loaders = make_peers(peers.Shards(args.shards_dir), args.h264_dir, args.work_dir)

    # The first round is not timed: it compares the pixels of the loaders.
    fidelity = Fidelity(clips, list(loaders["pil"](clips)))
    figures = {name: fidelity.of(loader(clips)) for name, loader in loaders.items()}
    for name in CPP:
        path = os.path.join(args.work_dir, name + ".u8")
        figures[name] = {}
        if os.path.exists(path):
            figures[name] = fidelity.of(np.memmap(path, np.uint8).reshape(-1, 3, peers.T, peers.S, peers.S))
            os.remove(path)
    del fidelity

    times = collections.defaultdict(list)
    for _ in range(args.rounds):
        for name, figure in run_cpp(args, clip_list, None).items():
            times[name].append(figure["ms_per_clip"])
        for name, loader in loaders.items():
            begin = time.process_time()
            collections.deque(loader(clips), maxlen=0)
            times[name].append(1000 * (time.process_time() - begin) / len(clips))
    for name, ms in times.items():
        # Both times of a ratio are from the same round, because a busy machine slows both loaders.
        gain = machine.median([a / b for a, b in zip(ms, times["ours"])])
        figures[name] |= {"ms_per_clip": machine.median(ms), "ours_is_faster": gain}
    figures = {"clips": len(clips), "rounds": args.rounds, "loaders": figures}
    machine.write_json(args.result, args.name, figures)
    print_table(args.name, figures)


def print_table(name, figures):
    print(f"\n{name}, {figures['clips']} clips, medians of {figures['rounds']} rounds, one core")
    print(f"{'loader':18}{'ms/clip':>9}{'clips/s':>9}{'ours is':>9}{'dB':>7}  dB by scale")
    for loader, row in sorted(figures["loaders"].items(), key=lambda item: -item[1]["ms_per_clip"]):
        ms = row["ms_per_clip"]
        scales = " ".join(f"{k}:{v}" for k, v in row.get("psnr_db_by_scale", {}).items())
        print(f"{loader:18}{ms:9.2f}{1000 / ms:9.0f}{row['ours_is_faster']:8.2f}x"
              f"{row.get('psnr_db', ''):>7}  {scales}")


if __name__ == "__main__":
    sys.exit(main())
