"""Compares score-videos with the bare network and with the inference of the reference's own Python code.

Usage: scoring.py BIN WORK REFERENCE VIDEOS [--rounds N] [--threads N] [--window-stride N]
REFERENCE: a checkout of kenshohara/3D-ResNets-PyTorch (2020). VIDEOS: one folder a class, named as configs/weizmann/list.ini
expects. All three run R3D-18 with the same random weights in float32 on the CPU, 112 pixels, 16 frames. Ours reads shards,
the reference reads the same JPEG frames as files. Its rate is that of its own clock, without the start of Python, with the
number of workers that is fastest. Rounds alternate, and medians are compared.
"""

import argparse
import csv
import json
import pathlib
import re
import shutil
import subprocess
import sys

from machine import machine, median

BATCH = 32  # clips; the reference has two videos in a batch, of 13 clips each

WEIGHTS = """
import sys
import torch
sys.path.insert(0, sys.argv[1])
from models import resnet
torch.manual_seed(0)
network = resnet.generate_model(model_depth=18, n_classes=int(sys.argv[3]), shortcut_type="A")
torch.save({"epoch": 1, "arch": "resnet-18", "state_dict": network.state_dict()}, sys.argv[2])
"""


# The reference was written for a torchvision that had these older names. Python's torch would take as many threads as
# there are processors.
START = """
import runpy
import sys
import torch
from torchvision import transforms
transforms.transforms.Scale = transforms.Scale = transforms.Resize
transforms.transforms.RandomSizedCrop = transforms.RandomResizedCrop
torch.set_num_threads(int(sys.argv.pop(1)))
runpy.run_path("main.py", run_name="__main__")
"""


def prepare(options):
    """Makes shards, the validation frames as files, their annotations for the reference, and random weights."""
    work = options.work

    def tool(name, *arguments):
        run([options.bin / name, *arguments])

    if (work / "DONE").exists():
        return
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    tool("list-videos", "--config=configs/weizmann/list.ini", options.videos, work / "videos.tsv")
    tool("prep-videos", "--height=112", work / "videos.tsv", work / "prepared")
    tool("pack-shards", work / "videos.tsv", work / "prepared", work / "shards")
    classes = (work / "shards" / "classes.txt").read_text(encoding="utf-8").splitlines()
    database = {}
    with open(work / "shards" / "index.tsv", encoding="utf-8") as index:
        for row in csv.DictReader(index, delimiter="\t"):
            if row["subset"] != "validation":
                continue
            label = classes[int(row["label_index"])]
            folder = work / "frames" / label / row["id"]
            folder.parent.mkdir(parents=True, exist_ok=True)
            tool("inspect-file", f"--frames-to={folder}", f"--video={row['id']}",
                 work / "shards" / f"{int(row['shard']):05}.h5")
            frames = sorted(folder.glob("*.jpg"), reverse=True)
            for frame in frames:  # the reference counts from 1
                frame.rename(folder / f"image_{int(frame.stem) + 1:05}.jpg")
            database[row["id"]] = {"subset": "validation",
                                   "annotations": {"label": label, "segment": [1, len(frames) + 1]}}
    with open(work / "annotations.json", "w", encoding="utf-8") as file:
        json.dump({"labels": classes, "database": database}, file)
    run([sys.executable, "-c", WEIGHTS, options.reference, work / "r3d18.pth", len(classes)])
    (work / "DONE").touch()


def ours(options):
    """Returns clips per second, the number of clips, and each video's probabilities by class name."""
    scores, evaluation = options.work / "scores", options.work / "evaluation"
    for folder in (scores, evaluation):
        shutil.rmtree(folder, ignore_errors=True)
    output = run([options.bin / "score-videos", "--json", "--preprocessing=hara2020", f"--threads={options.threads}",
                  f"--batch={BATCH}", f"--classes={options.work}/shards/classes.txt",
                  f"--window-stride={options.window_stride}", options.work / "r3d18.pth", options.work / "shards", scores])
    run([options.bin / "evaluate-scores", "--top-k=1000", scores, evaluation])
    with open(evaluation / "results.json", encoding="utf-8") as file:
        videos = {name: {entry["label"]: entry["score"] for entry in entries}
                  for name, entries in json.load(file)["results"].items()}
    found = json.loads(output)
    return found["clips_per_s"], found["clips"], videos


def bare(options):
    return json.loads(run([options.bin / "time-networks", "--json", f"--threads={options.threads}", f"--batch={BATCH}",
                           "--steps=6"]))["score_clips_per_s"]


def reference(options, workers):
    """Returns the same as ours()."""
    results = options.work / "reference"
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir()
    with open(options.work / "annotations.json", encoding="utf-8") as file:
        num_classes = len(json.load(file)["labels"])
    settings = {"root_path": "/", "video_path": options.work / "frames",
                "annotation_path": options.work / "annotations.json", "result_path": results, "dataset": "kinetics",
                "n_classes": num_classes, "output_topk": num_classes, "resume_path": options.work / "r3d18.pth",
                "model": "resnet", "model_depth": 18, "resnet_shortcut": "A", "inference_subset": "val", "n_epochs": 1,
                "inference_batch_size": 2, "inference_stride": options.window_stride, "n_threads": workers}
    output = run([sys.executable, "-c", START, options.threads, *(f"--{key}={value}" for key, value in settings.items()),
                  "--no_cuda", "--no_train", "--no_val", "--inference", "--inference_no_average"], cwd=options.reference)
    seconds = sum(map(float, re.findall(r"\tTime ([0-9.]+)", output)))
    with open(results / "val.json", encoding="utf-8") as file:
        clips_of = {name: [clip["result"] for clip in clips] for name, clips in json.load(file)["results"].items()}
    num_clips = sum(map(len, clips_of.values()))
    videos = {name: {entry["label"]: sum(other["score"] for clip in clips for other in clip
                                         if other["label"] == entry["label"]) / len(clips) for entry in clips[0]}
              for name, clips in clips_of.items()}
    return num_clips / seconds, num_clips, videos


def run(command, **more):
    return subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, text=True, check=True, **more).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("work", type=lambda text: pathlib.Path(text).resolve(), help="folder for its files; kept")
    parser.add_argument("reference", type=pathlib.Path)
    parser.add_argument("videos")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--window-stride", type=int, default=4)
    options = parser.parse_args()
    prepare(options)

    workers = max((0, 1, 2), key=lambda count: reference(options, count)[0])
    rates = {"score-videos": [], "bare network": [], "reference": []}
    for _ in range(options.rounds):
        rate, num_clips, scores = ours(options)
        rates["score-videos"].append(rate)
        rates["bare network"].append(bare(options))
        rate, their_clips, their_scores = reference(options, workers)
        rates["reference"].append(rate)
    if num_clips != their_clips or scores.keys() != their_scores.keys():
        raise SystemExit(f"ours scored {num_clips} clips, the reference {their_clips}")
    difference = max(abs(scores[name][label] - score) for name in scores for label, score in their_scores[name].items())
    print(f"{num_clips} clips of {len(scores)} videos; the largest difference of a probability is {difference:.1e}")
    for name, values in rates.items():
        listed = ", ".join(f"{value:.2f}" for value in values)
        print(f"{name:14} {median(values):6.2f} clips/s ({listed}); score-videos has "
              f"{median(rates['score-videos']) / median(values):.2f} of it")
    print(f"the reference had {workers} workers; {machine()['cpu']}")


if __name__ == "__main__":
    main()
