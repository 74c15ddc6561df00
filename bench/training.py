"""Compares train-r3d with DistributedDataParallel of Python's torch, and with train-r3d on one rank.

Usage: training.py BIN WORK RESULT_JSON VIDEOS [--rounds N] [--cases NAME,...] [--lock FILE]
VIDEOS: one folder a class. Both trainers learn from the same JPEG frames, ours in shards, the peer's (training_peer.py)
in folders, with the same network, batch, ranks and threads, in float32. The figure is clips per second over complete
epochs of training steps, loading included, without the first epoch. A round before the others chooses the peer's
fastest memory format and number of workers. Rounds of both alternate, and medians are compared. If other processes
used the processor during a run, it is repeated.
"""

import argparse
import contextlib
import csv
import fcntl
import json
import pathlib
import shutil
import subprocess
import sys

from machine import others_share, median, write_json

HERE = pathlib.Path(__file__).resolve().parent
MOST_OTHERS = 0.03  # largest share of the processors' time for other processes, the kernel's work included
MOST_RUNS = 5
RANKS = 2  # with one thread each; train-r3d also runs as one rank with two threads



def r3d18(batch):
    return {
        "flags": ["--depth=18", "--sample-size=112", f"--batch={batch}", "--clips-per-video=2", "--lr=0.01"],
        "peer": {"network": {"depth": 18}, "size": 112, "stride": 1, "crop": {"scales": [0.5 ** (i / 4) for i in range(5)]},
                 "grey": False, "clips_per_video": 2, "batch": batch, "drop_last": True, "lr": 0.01, "dampening": 0.9,
                 "weight_decay": 1e-3, "label_smoothing": 0, "ema": 0},
        "epochs": 3,
    }


# `flags` are options of train-r3d; `peer` holds the same settings for the peer.
CASES = {
    "weizmann": {
        "flags": ["--config=configs/weizmann/train.ini"],
        "peer": {"network": {"depth": 10, "width": 0.25, "stem_frames": 3}, "size": 64, "stride": 2,
                 "crop": {"area": 0.4, "aspect": 0.6}, "grey": True, "clips_per_video": 3, "batch": 10, "drop_last": False,
                 "lr": 0.03, "dampening": 0, "weight_decay": 5e-3, "label_smoothing": 0.1, "ema": 0.99},
        "epochs": 9,
    },
    "r3d10": {
        "flags": ["--depth=10", "--width=0.25", "--sample-size=80", "--crop-scales=1,0.9,0.8,0.72", "--batch=30",
                  "--last-batch=keep", "--clips-per-video=3", "--lr=0.05", "--dampening=0"],
        "peer": {"network": {"depth": 10, "width": 0.25}, "size": 80, "stride": 1, "crop": {"scales": [1, 0.9, 0.8, 0.72]},
                 "grey": False, "clips_per_video": 3, "batch": 30, "drop_last": False, "lr": 0.05, "dampening": 0,
                 "weight_decay": 1e-3, "label_smoothing": 0, "ema": 0},
        "epochs": 9,
    },
    "r3d18": r3d18(batch=32),
    "r3d18-8": r3d18(batch=8),  # few clips, so that the fixed cost of a step is visible
}
PEER_WAYS = [{"layout": layout, "workers": workers}
             for layout in ("contiguous_format", "channels_last_3d") for workers in (0, 1)]
COMPUTING = ("forward", "backward", "waiting for other ranks")
WAITING = "waiting for data"


def prepare(tool, work, videos):
    """Makes shards of `videos`, and stores the frames of the training videos as files."""
    if (work / "frames" / "DONE").exists():
        return
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    tool("list-videos", "--config=configs/weizmann/list.ini", videos, work / "videos.tsv")
    tool("prep-videos", "--config=configs/weizmann/prep.ini", work / "videos.tsv", work / "prepared")
    tool("pack-shards", work / "videos.tsv", work / "prepared", work / "shards")
    classes = (work / "shards" / "classes.txt").read_text(encoding="utf-8").splitlines()
    with open(work / "shards" / "index.tsv", encoding="utf-8") as index:
        for row in csv.DictReader(index, delimiter="\t"):
            if row["subset"] == "training":
                folder = work / "frames" / "training" / classes[int(row["label_index"])] / row["id"].replace("/", "+")
                tool("inspect-file", f"--frames-to={folder}", f"--video={row['id']}",
                     work / "shards" / f"{int(row['shard']):05}.h5")
    (work / "frames" / "DONE").touch()


@contextlib.contextmanager
def lock(path):
    if path is None:
        yield
        return
    with open(path, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def alone(run):
    """Calls `run` until other processes took at most MOST_OTHERS, up to MOST_RUNS times. `run` returns its figures and
    the share of others_share(). Returns the figures with the smallest share."""
    runs = []
    while not runs or (runs[-1][1] > MOST_OTHERS and len(runs) < MOST_RUNS):
        runs.append(run())
        print(f"{runs[-1][0]['clips_per_s']:.2f} clips/s, others took {100 * runs[-1][1]:.1f} % of the time", flush=True)
    figures, share = min(runs, key=lambda of: of[1])
    return {**figures, "others_share": share}


def ours(options, case, ranks, threads):
    run_dir = options.work / "run"
    shutil.rmtree(run_dir, ignore_errors=True)
    environment = {"OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none",
                   "OMPI_MCA_mpi_yield_when_idle": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1",
                   "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    command = ["mpirun", "-n", str(ranks), f"{options.bin}/train-r3d", *case["flags"],
               f"--threads={threads}", f"--epochs={case['epochs']}", "--schedule=constant", "--validation-every=0",
               options.work / "shards", run_dir]
    _, share = others_share(command, environment)
    lines = [json.loads(line) for line in (run_dir / "times.jsonl").read_text(encoding="utf-8").splitlines()]
    return figures_of(lines[1:]), share


def figures_of(epochs):
    """Returns clips per second, and the largest share of time that any rank spent waiting for data, on the trainer's
    own work, and waiting for other ranks."""
    def worst(seconds):
        return max(sum(seconds(epoch["ranks"][rank]["phases_s"]) for epoch in epochs) /
                   sum(sum(epoch["ranks"][rank]["phases_s"].values()) for epoch in epochs)
                   for rank in range(len(epochs[0]["ranks"])))

    return {
        "clips_per_s": sum(epoch["clips"] for epoch in epochs) / sum(epoch["seconds"] for epoch in epochs),
        "waiting_share": worst(lambda phases: phases[WAITING]),
        "own_share": worst(lambda phases: sum(
            value for name, value in phases.items() if name not in (WAITING, *COMPUTING))),
        "other_ranks_share": worst(lambda phases: phases["waiting for other ranks"]),
    }


def peer(options, case, way, epochs):
    settings = {**case["peer"], **way, "threads": 1, "epochs": epochs}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={RANKS}",
               HERE / "training_peer.py", options.work / "frames" / "training", json.dumps(settings)]
    output, share = others_share(command, {"OMP_NUM_THREADS": "1"})
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")][1:]
    return {"clips_per_s": sum(line["clips"] for line in lines) / sum(line["seconds"] for line in lines)}, share


def measure(options, case):
    with lock(options.lock):
        tried = {json.dumps(way): alone(lambda w=way: peer(options, case, w, 2))["clips_per_s"] for way in PEER_WAYS}
    way = json.loads(max(tried, key=tried.get))
    rounds = []
    for _ in range(options.rounds):
        with lock(options.lock):
            rounds.append({
                "ours": alone(lambda: ours(options, case, RANKS, 1)),
                "python": alone(lambda: peer(options, case, way, case["epochs"])),
                "one_rank": alone(lambda: ours(options, case, 1, RANKS)),
            })
        print({name: round(figures["clips_per_s"], 2) for name, figures in rounds[-1].items()}, flush=True)
    speeds = {name: [figures[name]["clips_per_s"] for figures in rounds] for name in rounds[0]}

    def ratios(a, b):
        return [round(x / y, 4) for x, y in zip(speeds[a], speeds[b])]

    figures = {"python_tried": {key: round(value, 2) for key, value in tried.items()}, "python_way": way,
               "clips_per_s": {name: median(values) for name, values in speeds.items()}}
    for name, other in (("over_python", "python"), ("over_one_rank", "one_rank")):
        figures[name] = median(ratios("ours", other))
        figures[name + "_by_round"] = ratios("ours", other)
    figures["others_share"] = max(run["others_share"] for of_round in rounds for run in of_round.values())
    for share in ("waiting_share", "own_share", "other_ranks_share"):
        figures[share] = median([figures["ours"][share] for figures in rounds])
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("work", type=pathlib.Path, help="folder for shards, frames and runs; kept")
    parser.add_argument("result", type=pathlib.Path)
    parser.add_argument("videos")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--lock", type=pathlib.Path, help="held in each round: others take turns with flock FILE COMMAND")
    options = parser.parse_args()

    def tool(name, *arguments):
        subprocess.run([f"{options.bin}/{name}", *arguments], check=True, stdout=subprocess.DEVNULL)

    prepare(tool, options.work, options.videos)
    figures = {}
    for name in options.cases.split(","):
        figures[name] = measure(options, CASES[name])
        print(name, json.dumps(figures[name], indent=1), flush=True)
    write_json(options.result, "training", figures)


if __name__ == "__main__":
    main()
