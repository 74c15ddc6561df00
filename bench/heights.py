"""Compares the accuracy of networks that learn from frames of other heights and qualities, for docs/howto/height_and_quality.md.

Usage: heights.py BIN WORK VIDEOS [--settings 360:90,240:90,...] [--only weizmann|demo]
VIDEOS: the Weizmann actions, one folder a class, named as configs/weizmann/list.ini expects. Each setting prepares all
videos anew and trains with all other settings as in configs/: on weizmann three times, so that each of nine people is
held out once (configs/weizmann/folds.sh), and once on the demo's videos. Videos are paired with those of the first
setting: the p-value is McNemar's, exact. Runs that are finished do not run again.
"""

import argparse
import csv
import json
import math
import pathlib
import shutil
import subprocess

PEOPLE = ("daria,denis,eli", "ido,ira,lena", "lyova,moshe,shahar")
ROOT = pathlib.Path(__file__).resolve().parent.parent


def replace_key(path, key, value):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith(f"{key} =")]
    path.write_text("\n".join([*lines, f"{key} = {value}", ""]), encoding="utf-8")


def evaluate(options, name, run_dir, height, quality, videos, groups=None):
    """Runs the workflow up to its evaluation. Returns what it answers: for each video, whether that is right."""
    configs = run_dir / "configs"
    if not (run_dir / "evaluation" / "DONE").exists():
        shutil.rmtree(run_dir, ignore_errors=True)
        shutil.copytree(ROOT / "configs" / name, configs)
        replace_key(configs / "prep.ini", "height", height)
        replace_key(configs / "prep.ini", "quality", quality)
        if groups:
            replace_key(configs / "list.ini", "validation-groups", groups)
        subprocess.run(["make", "-f", "Makefile.workflow", "evaluate", f"EXP={name}", f"RUN={run_dir}",
                        f"CONFIGS={configs}", f"VIDEOS={videos}", f"BIN={options.bin}", "BUILD=no"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)
        shutil.rmtree(run_dir / "prepared")
    with open(run_dir / "evaluation" / "predictions.tsv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    with open(run_dir / "evaluation" / "metrics.json", encoding="utf-8") as file:
        stated = json.load(file)["video_top1"]
    right = {row["id"]: row["label"] == row["predicted"] for row in rows}
    if abs(sum(right.values()) / len(right) - stated) > 1e-9:
        raise SystemExit(f"{run_dir}: predictions.tsv and metrics.json do not agree")
    return right


def frame_bytes(run_dirs):
    """Returns the bytes of the shards for each frame in them."""
    size = frames = 0
    for run_dir in run_dirs:
        size += sum(file.stat().st_size for file in (run_dir / "shards").glob("*.h5"))
        with open(run_dir / "shards" / "index.tsv", encoding="utf-8") as file:
            frames += sum(int(row["num_frames"]) for row in csv.DictReader(file, delimiter="\t"))
    return size / frames


def mcnemar(gained, lost):
    """Returns the exact two-sided p-value of `gained` and `lost` videos."""
    number = gained + lost
    tail = sum(math.comb(number, k) for k in range(min(gained, lost) + 1)) / 2 ** number
    return min(1, 2 * tail)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("work", type=lambda text: pathlib.Path(text).resolve(), help="folder for its runs; kept")
    parser.add_argument("videos", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--settings", default="360:90,240:90,240:80,360:75")
    parser.add_argument("--only", choices=("weizmann", "demo"))
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    demo_videos = options.work / "demo-videos"
    if not demo_videos.exists():
        subprocess.run([options.bin / "make-demo-videos", "--config=configs/demo/videos.ini", demo_videos], cwd=ROOT,
                       check=True)
    for name in [options.only] if options.only else ["weizmann", "demo"]:
        first = None
        for setting in options.settings.split(","):
            height, quality = setting.split(":")
            run = options.work / name / f"{height}-{quality}"
            runs, right = [], {}
            for fold, groups in enumerate(PEOPLE if name == "weizmann" else [None], start=1):
                runs.append(run / str(fold))
                right.update(evaluate(options, name, runs[-1], height, quality,
                                      options.videos if groups else demo_videos, groups))
            first = first or right
            gained = sum(right[video] and not first[video] for video in first)
            lost = sum(first[video] and not right[video] for video in first)
            print(f"{name:9} height {height} quality {quality}: {sum(right.values())} of {len(right)} videos right, "
                  f"{100 * sum(right.values()) / len(right):.1f} %; {gained} gained, {lost} lost, "
                  f"p = {mcnemar(gained, lost):.2f}; {frame_bytes(runs) / 1000:.2f} kB a frame", flush=True)


if __name__ == "__main__":
    main()
