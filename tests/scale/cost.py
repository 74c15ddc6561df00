"""Measures what a video costs in each stage, for a number of videos and for twice as many, and the most disk and
files that packing in groups takes beside the two steps.

SPDX-License-Identifier: Apache-2.0
"""

import dataclasses
import os
import shutil
import threading
import time

from support import Cost, link_videos, require, require_same, say

MOST_RATIO = 2.1
HEIGHT = 32  # of the sources too, so that a video costs little
GROUPS = 20  # of the smaller number of videos
COLUMNS = ("id", "path", "label", "subset", "begin_s", "end_s", "num_frames", "fps", "width", "height")
TRAINING = """depth = 10
width = 0.125
sample-size = 32
batch = 8
epochs = 1
schedule = constant
threads = 1
"""


def usage_of(folder):
    """Returns the bytes on the disk, and the number of files and folders, below a folder."""
    size, number, folders = 0, 0, [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    number += 1
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
        except FileNotFoundError:
            continue  # it has just been removed
    return size, number


class Peak(threading.Thread):
    """Looks again and again at the disk and files that folders take together. Looking takes at most a twentieth of
    the time."""

    def __init__(self, folders):
        super().__init__()
        self.folders = folders
        self.size = self.number = 0
        self.is_over = threading.Event()

    def _look(self):
        usages = [usage_of(folder) for folder in self.folders]
        self.size = max(self.size, sum(size for size, _ in usages))
        self.number = max(self.number, sum(number for _, number in usages))

    def run(self):
        while not self.is_over.is_set():
            begin = time.monotonic()
            self._look()
            self.is_over.wait(max(0.1, 19 * (time.monotonic() - begin)))
        self._look()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.join()


@dataclasses.dataclass
class Figures:
    number: int
    costs: dict  # stage -> Cost
    peaks: dict  # way -> Peak
    num_shards: int


def shrink(tools, drawn, work):
    """Makes small videos of the drawn ones, by prep-videos, and returns their folder."""
    tools.run("list-videos", drawn, work / "drawn.tsv")
    tools.run("prep-videos", "--height", HEIGHT, work / "drawn.tsv", work / "small")
    small = work / "sources"
    for source in drawn.glob("*/*.mp4"):
        (small / source.parent.name).mkdir(parents=True, exist_ok=True)
        os.rename(work / "small" / f"{source.stem}.mkv", small / source.parent.name / f"{source.stem}.mkv")
    return small


def write_manifest(small, folder, number, subset):
    """Lists `number` small videos in the folder, as list-videos lists others: it passes over what prep-videos made."""
    link_videos(small, folder / "videos", number)
    rows = ["\t".join(COLUMNS)]
    for file in sorted((folder / "videos").glob("*/*")):
        path = file.relative_to(folder)
        rows.append("\t".join([file.stem, str(path), file.parent.name, subset] + [""] * 6))
    (folder / "videos.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    classes = sorted(path.name for path in (folder / "videos").iterdir())
    (folder / "classes.txt").write_text("\n".join(classes) + "\n", encoding="utf-8")
    return folder / "videos.tsv"


def train_small(tools, small, work):
    """Trains a small network on a few of the videos, and returns its checkpoint."""
    few = work / "few"
    manifest = write_manifest(small, few, 64, "training")
    (work / "train.ini").write_text(TRAINING, encoding="utf-8")
    tools.run("prep-videos", "--height", HEIGHT, manifest, few / "prepared")
    tools.run("pack-shards", manifest, few / "prepared", few / "shards")
    tools.run("train-r3d", "--config", work / "train.ini", few / "shards", work / "train")
    return work / "train/checkpoints/latest"


def measure(tools, small, work, number, group, checkpoint):
    """Runs all stages on `number` videos, which are all held out, in the new folder `work`, and returns the Figures."""
    costs, peaks = {}, {}
    work.mkdir()
    manifest = write_manifest(small, work, number, "validation")
    prepared, shards, grouped = (work / name for name in ("prepared", "shards", "grouped"))
    scratch = work / "scratch"
    scratch.mkdir()
    with Peak([prepared, shards]) as peaks["two steps"]:
        costs["prep"] = tools.run("prep-videos", "--height", HEIGHT, manifest, prepared)
        costs["pack"] = tools.run("pack-shards", "--group-videos", group, manifest, prepared, shards)
    with Peak([grouped, scratch]) as peaks["groups"]:
        costs["pack-videos"] = tools.run("pack-videos", "--height", HEIGHT, "--group-videos", group, "--scratch",
                                         scratch, manifest, grouped)
    require_same(grouped, shards)
    shutil.rmtree(prepared)
    shutil.rmtree(grouped)
    if checkpoint:
        costs["score"] = tools.run("score-videos", "--windows", 1, checkpoint, shards, work / "scores")
        costs["evaluate"] = tools.run("evaluate-scores", work / "scores", work / "evaluation")
    num_shards = len(list(shards.glob("*.h5")))
    shutil.rmtree(work)
    return Figures(number, costs, peaks, num_shards)


def mean_of(a, b):
    """Returns the Figures a with the mean costs of a and b, two measurements of as many videos. One of them before and
    one after a longer measurement cancel a processor's steady change of speed in between."""
    def mean(x, y):
        return Cost((x.wall_s + y.wall_s) / 2, (x.cpu_s + y.cpu_s) / 2)
    return dataclasses.replace(a, costs={stage: mean(cost, b.costs[stage]) for stage, cost in a.costs.items()})


def sum_of(figures, kind):
    return sum(getattr(cost, kind) for stage, cost in figures.costs.items() if stage != "pack-videos")


def print_costs(once, twice):
    say(f"{'ms a video':16}{once.number:>12,} videos      {twice.number:>12,} videos      ratio in all")
    say(f"{'':16}{'CPU':>9}{'wall':>10}      {'CPU':>13}{'wall':>10}      {'CPU':>7}{'wall':>7}")

    def line(name, values):
        a, b = ([1000 * value / figures.number for value in pair] for figures, pair in zip((once, twice), values))
        ratios = [2 * y / x for x, y in zip(a, b)]
        say(f"{name:16}{a[0]:9.2f}{a[1]:10.2f}      {b[0]:13.2f}{b[1]:10.2f}      {ratios[0]:7.2f}{ratios[1]:7.2f}")

    for stage in once.costs:
        line(stage, [(figures.costs[stage].cpu_s, figures.costs[stage].wall_s) for figures in (once, twice)])
    line("two-step way", [(sum_of(figures, "cpu_s"), sum_of(figures, "wall_s")) for figures in (once, twice)])


def print_peaks(figures, group):
    say(f"\n{figures.number:,} videos, groups of {group:,}: {figures.num_shards} shards of the same bytes by both ways")
    say(f"{'at most':16}{'disk':>12}{'files and folders':>22}")
    for way, peak in figures.peaks.items():
        say(f"{way:16}{peak.size / 1e6:9.0f} MB{peak.number:22,}")


def check_cost(tools, drawn, work, options):
    group = max(1, options.size // GROUPS)
    small = shrink(tools, drawn, work)
    checkpoint = train_small(tools, small, work) if tools.has("train-r3d") else None
    if not checkpoint:
        say("without train-r3d nothing is scored")

    def of(number):
        return measure(tools, small, work / str(number), number, group, checkpoint)

    before, twice, after = of(options.size), of(2 * options.size), of(options.size)
    say(f"processor time of {options.size:,} videos: {sum_of(before, 'cpu_s'):.1f} s before, "
        f"{sum_of(after, 'cpu_s'):.1f} s after the {2 * options.size:,}; the table has the mean")
    once = mean_of(before, after)
    print_costs(once, twice)
    for figures in (once, twice):
        print_peaks(figures, group)
    ratio = sum_of(twice, "cpu_s") / sum_of(once, "cpu_s")
    require(ratio <= MOST_RATIO, f"twice as many videos cost {ratio:.2f} times as much processor time")
    for figures in (once, twice):
        two, groups = figures.peaks["two steps"], figures.peaks["groups"]
        require(groups.size < 0.75 * two.size, "packing in groups does not save disk")
        require(groups.number < figures.number, "packing in groups makes as many files as there are videos")
