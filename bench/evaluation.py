"""Times evaluate-scores, compare-scores and report-run on invented scores in the size of a published data set.

Usage: evaluation.py BIN_DIR WORK_DIR [--videos N] [--clips N] [--classes N] [--runs N] [--rounds N]

make-scores writes the scores: cmake -DREEL3D_BENCH=ON, target make-scores. The figures are the best of some
rounds: wall clock, CPU time, and the largest resident set. WORK_DIR is kept, so that a second call is quick.

evaluate-scores is timed without options, with every option that adds figures, and with these on the scores of
score-videos --probe order, which are four times as many.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import time


def measure(command):
    """Returns wall-clock seconds, CPU seconds and the largest resident set in MB."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"failed: {' '.join(command)}")
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def report(name, command, rounds, clean=None):
    best = None
    for _ in range(rounds):
        if clean:
            shutil.rmtree(clean, ignore_errors=True)
        best = min(filter(None, (best, measure(command))))
    print(f"{name:44} {best[0]:6.2f} s  CPU {best[1]:6.2f} s  {best[2]:6.0f} MB", flush=True)


def write_training(folder, epochs=200):
    """Writes curves as train-r3d does, so that the report has something to draw."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "metrics.jsonl"), "w", encoding="utf-8") as metrics, \
            open(os.path.join(folder, "times.jsonl"), "w", encoding="utf-8") as times:
        for epoch in range(1, epochs + 1):
            loss, share = 6 / (1 + 0.05 * epoch), epoch / (epoch + 60)
            metrics.write(json.dumps({"step": epoch, "epoch": epoch, "lr": 0.1, "train_loss": loss, "train_top1": share,
                                      "validation_loss": loss + 0.2, "validation_top1": 0.9 * share}) + "\n")
            ranks = [{"phases_s": {"waiting for data": 3, "forward": 400, "backward": 800}}] * 8
            times.write(json.dumps({"epoch": epoch, "clips": 240000, "seconds": 1203, "ranks": ranks}) + "\n")
    open(os.path.join(folder, "DONE"), "w", encoding="utf-8").close()


def write_tables(folder, videos, classes):
    """Writes the tables that evaluate-scores can read. Returns all options that add figures."""
    os.makedirs(folder, exist_ok=True)

    def write(name, columns, rows):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as table:
            table.writelines("\t".join(map(str, row)) + "\n" for row in [columns, *rows])
        return path

    draw = random.Random(1)
    ids = [f"v_{number:08}" for number in range(videos)]
    names = [f"doing thing {number}" for number in range(classes)]
    labels = write("labels.tsv", ["id", "label"],
                   [(video, names[(number + step) % classes]) for number, video in enumerate(ids) for step in (0, 7)])
    slices = write("slices.tsv", ["id", "num_frames", "fps", "height", "brightness", "motion", "source"],
                   [(video, draw.randrange(50, 300), draw.choice([25, 30, 50]), draw.randrange(120, 1080),
                     draw.uniform(0, 255) if draw.random() < 0.99 else "nan", draw.uniform(0, 9), draw.choice("abcdefgh"))
                    for video in ids])
    listed = write("paper.tsv", ["id"], [[video] for video in ids[::2]])
    order = write("order.txt", [names[-1]], [[name] for name in names[:-1]])
    return ["--precision=0.9", r"--group-regex=(v_\d{7})", f"--labels={labels}", f"--slices={slices}",
            f"--only-videos={listed}", f"--class-order={order}", "--explain"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin_dir")
    parser.add_argument("work_dir")
    parser.add_argument("--videos", type=int, default=20000)
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--classes", type=int, default=400)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    tool = lambda name: os.path.join(options.bin_dir, name)

    def make_scores(folder, *extra):
        if not os.path.isdir(folder):
            subprocess.run([tool("make-scores"), f"--videos={options.videos}", f"--clips={options.clips}",
                            f"--classes={options.classes}", *extra, folder + ".part"], check=True)
            os.rename(folder + ".part", folder)

    runs = [os.path.join(options.work_dir, f"run{number}") for number in range(options.runs)]
    for number, run in enumerate(runs):
        make_scores(os.path.join(run, "scores"), f"--run={number}", f"--skill={8 - number}")
        write_training(os.path.join(run, "train"))
    evaluation = os.path.join(runs[0], "evaluation")

    def evaluate(name, scores, *extra):
        report(name, [tool("evaluate-scores"), "--log-level=error", *extra, scores, evaluation], options.rounds,
               evaluation)

    every = write_tables(os.path.join(options.work_dir, "tables"), options.videos, options.classes)
    probed = os.path.join(options.work_dir, "probed")
    make_scores(probed, "--settings=probe = order;")
    for number, order in enumerate(["shuffled", "reversed", "one-frame"]):
        make_scores(os.path.join(probed, "probe", order), f"--settings=probe = order;shown-frames = {order};",
                    f"--skill={7 - number}")
    evaluate("evaluate-scores with every option, probed", probed, *every)
    evaluate("evaluate-scores with every option", runs[0] + "/scores", *every)
    evaluate("evaluate-scores", runs[0] + "/scores")
    if len(runs) > 1:
        report("compare-scores of two runs", [tool("compare-scores"), runs[0] + "/scores", runs[1] + "/scores"],
               options.rounds)
    for run in runs[1:]:
        subprocess.run([tool("evaluate-scores"), "--overwrite", run + "/scores", run + "/evaluation"], check=True,
                       stdout=subprocess.DEVNULL)
    page = os.path.join(options.work_dir, "report.html")
    report(f"report-run of {len(runs)} runs", [tool("report-run"), *runs, page], options.rounds)
    print(f"the page has {os.path.getsize(page) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
