"""Our networks beside Python's torch: the same network, batch, threads and precision, in one run.

Usage: networks.py BIN RESULT_JSON [--device cuda] [--rounds N] [--threads N] [--batch N] [--steps N] [--cases N]
BIN holds time-networks. The Python networks are those of the golden tests (tests/golden/networks.py), written with
torch.nn and nothing else. They run as a user would run them: eval() or train(), autocast for bf16, in the faster of two
memory formats, on a GPU with cudnn.benchmark. Rounds of ours and of Python alternate, and medians are compared.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import torch

from machine import median, write_json

CASES = [
    {"model": "r3d", "depth": 18, "shortcut": "a"},
    {"model": "r3d", "depth": 50, "shortcut": "b"},
    {"model": "r2p1d", "depth": 18, "shortcut": "b"},
]

PEER = """
import sys, json, time, torch, torch.nn.functional as F
sys.path.insert(0, "tests/golden")
from networks import build, CLASSES
case, precision, batch, threads, steps, device = json.loads(sys.argv[1])
torch.set_num_threads(threads)
torch.backends.cudnn.benchmark = True
torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
def rate(layout, train):
    network = build(width=1, **case).to(device, memory_format=layout).train(train)
    clips = torch.randn(batch, 3, 16, 112, 112, device=device).contiguous(memory_format=layout)
    labels = torch.arange(batch, device=device) % CLASSES
    sgd = torch.optim.SGD(network.parameters(), 0.01, momentum=0.9, dampening=0.9, weight_decay=1e-3)
    def step():
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            logits = network(clips)
        if train:
            sgd.zero_grad()
            F.cross_entropy(logits.float(), labels).backward()
            sgd.step()
    with torch.set_grad_enabled(train):
        step(), step(), finish()
        begin = time.perf_counter()
        for _ in range(steps):
            step()
        finish()
    return batch * steps / (time.perf_counter() - begin)
finish = torch.cuda.synchronize if device == "cuda" else lambda: None
best = lambda train: max(rate(layout, train) for layout in (torch.contiguous_format, torch.channels_last_3d))
print(json.dumps({"train_clips_per_s": best(True), "score_clips_per_s": best(False)}))
"""


def run(command):
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def ours(bin_folder, case, precision, options):
    flags = [f"--{name}={value}" for name, value in case.items()]
    return run([f"{bin_folder}/time-networks", "--json", f"--precision={precision}", f"--batch={options.batch}",
                f"--threads={options.threads}", f"--steps={options.steps}", f"--device={options.device}", *flags])


def peer(case, precision, options):
    arguments = json.dumps([case, precision, options.batch, options.threads, options.steps, options.device])
    return run([sys.executable, "-c", PEER, arguments])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("result", type=pathlib.Path)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--cases", type=int, default=len(CASES), help="just the first ones")
    options = parser.parse_args()
    figures = {}
    precisions = ["float32"]
    if options.device == "cuda" or torch.ops.mkldnn._is_mkldnn_bf16_supported():
        precisions.append("bf16")
    else:
        print("no bf16: this processor has no AVX-512, and Python's would take hours", flush=True)
    for case in CASES[: options.cases]:
        for precision in precisions:
            rounds = [(ours(options.bin, case, precision, options), peer(case, precision, options))
                      for _ in range(options.rounds)]
            name = " ".join(f"{value}" for value in case.values()) + " " + precision
            figures[name] = {"device": options.device, "batch": options.batch, "threads": options.threads}
            for what in ("train", "score"):
                key = what + "_clips_per_s"
                figures[name][key] = median([a[key] for a, _ in rounds])
                figures[name][key + "_python"] = median([b[key] for _, b in rounds])
                figures[name][what + "_ratio"] = median([a[key] / b[key] for a, b in rounds])
            print(name, figures[name], flush=True)
    write_json(options.result, "networks", figures)


if __name__ == "__main__":
    main()
