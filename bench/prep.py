"""prep-videos and pack-shards against ffmpeg's own command lines and the reference's two steps.

Usage: prep.py BIN_DIR VIDEOS_DIR WORK_DIR RESULT.json [--rounds N]

Each way prepares all videos of a folder to height 360, with one thread. The result is the CPU time of the
processes and their children, start-up included. ffmpeg has to be started once for each video.
"""

import argparse
import collections
import os
import resource
import shutil
import subprocess
import sys

import h5py
import numpy as np

import machine


class ChildCpu:
    """Measures the CPU time of the child processes that end within the `with` block."""

    def __enter__(self):
        self.before = self._now()
        return self

    def __exit__(self, *_):
        self.seconds = self._now() - self.before

    @staticmethod
    def _now():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime


def run(*command):
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def ffmpeg(video, *output):
    run("ffmpeg", "-v", "error", "-y", "-threads", "1", "-filter_threads", "1", "-i", video, "-an",
        "-vf", "scale=-2:360", "-threads", "1", *output)


def ours(args, folder, out, pack):
    tool = lambda name, *words: run(os.path.join(args.bin_dir, name), *words)
    tool("prep-videos", "--threads=1", out + ".tsv", os.path.join(out, "prepared"))
    if pack:
        tool("pack-shards", "--threads=1", out + ".tsv", os.path.join(out, "prepared"),
             os.path.join(out, "shards"))


def pack_like_reference(jpg_dir, path):
    """The reference's second step (generate_video_hdf5.py): the JPEG files of a video become one HDF5 file
    with a data set of variable length. Like the reference, it opens the HDF5 file again for each frame."""
    names = sorted(os.listdir(jpg_dir))
    with h5py.File(path, "w") as file:
        file.create_dataset("video", (len(names),), h5py.vlen_dtype(np.uint8))
    for i, name in enumerate(names):
        with open(os.path.join(jpg_dir, name), "rb") as jpeg, h5py.File(path, "r+") as file:
            file["video"][i] = np.frombuffer(jpeg.read(), np.uint8)


def to_jpg_files(video, out):
    os.makedirs(out)
    ffmpeg(video, "-q:v", "2", os.path.join(out, "image_%05d.jpg"))


def make_ways(args):
    """Returns {name: function}. The function takes the source folder and an empty output folder."""

    def each(convert):
        def way(folder, out):
            for name in sorted(os.listdir(folder)):
                convert(os.path.join(folder, name), os.path.join(out, name))

        return way

    def two_steps(video, out):
        to_jpg_files(video, out)
        # This runs in the same process: the reference starts Python once for all videos, so start-up must not count.
        pack_like_reference(out, out + ".hdf5")

    return {
        "prep-videos": lambda folder, out: ours(args, folder, out, pack=False),
        "prep-videos, pack-shards": lambda folder, out: ours(args, folder, out, pack=True),
        "ffmpeg to .jpg, q2": each(to_jpg_files),
        "ffmpeg to .jpg, then HDF5": each(two_steps),
        "ffmpeg to MJPEG, q2": each(lambda video, out: ffmpeg(video, "-c:v", "mjpeg", "-q:v", "2", out + ".avi")),
        "ffmpeg to x264 veryfast": each(
            lambda video, out: ffmpeg(video, "-c:v", "libx264", "-preset", "veryfast", out + ".mp4")),
    }


def count_frames(folder):
    total = 0
    for name in os.listdir(folder):
        probe = subprocess.run(
            ["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v:0", "-show_entries",
             "stream=nb_read_packets", "-of", "csv=p=0", os.path.join(folder, name)],
            check=True, capture_output=True, text=True)
        total += int(probe.stdout.strip().strip(","))
    return total


def self_cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(args, folder, ways):
    out = os.path.join(args.work_dir, "out")
    run(os.path.join(args.bin_dir, "list-videos"), "--overwrite", folder, out + ".tsv")
    frames = count_frames(folder)
    times = collections.defaultdict(list)
    for _ in range(args.rounds):
        for name, way in ways.items():
            shutil.rmtree(out, ignore_errors=True)
            os.makedirs(out)
            own_before = self_cpu()
            with ChildCpu() as children:
                way(folder, out)
            times[name].append(1000 * (children.seconds + self_cpu() - own_before) / frames)
    shutil.rmtree(out)
    figures = {"videos": len(os.listdir(folder)), "frames": frames, "rounds": args.rounds, "ways": {}}
    for name, ms in times.items():
        figures["ways"][name] = {
            "ms_per_frame": machine.median(ms),
            "prep_is_faster": machine.median([a / b for a, b in zip(ms, times["prep-videos"])]),
            "prep_and_pack_is_faster": machine.median(
                [a / b for a, b in zip(ms, times["prep-videos, pack-shards"])]),
        }
    return figures


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin_dir", "videos_dir", "work_dir", "result"):
        parser.add_argument(name)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    os.makedirs(args.work_dir, exist_ok=True)
    name = os.path.basename(os.path.normpath(args.videos_dir))
    figures = measure(args, args.videos_dir, make_ways(args))
    machine.write_json(args.result, f"prep {name}", figures)
    print(f"\nprep from {name}: {figures['videos']} videos, {figures['frames']} frames")
    print(f"{'way':28}{'ms/frame':>9}{'of prep':>9}{'of prep and pack':>18}")
    for way, row in figures["ways"].items():
        print(f"{way:28}{row['ms_per_frame']:9.2f}{row['prep_is_faster']:8.2f}x"
              f"{row['prep_and_pack_is_faster']:17.2f}x")


if __name__ == "__main__":
    sys.exit(main())
