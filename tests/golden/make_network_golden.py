"""Makes network_golden.json: PyTorch's logits, gradients and statistics of small networks of every family.

Usage: python3 tests/golden/make_network_golden.py tests/golden
Needs torch, torchvision and numpy. tests/model/golden_test.cc compares reel3d with its output.

Weights and clips come from the formula of noise(), so they are not stored. All is float64, once with running statistics
(evaluated) and once with those of the batch (trained). The test does the same, and also runs float32. Tensors are
stored as digests, one for each top-level module (densenet: for each part of its features): the norm of all values, and
their scalar product with noise, to which each value contributes.
"""

import json
import pathlib
import sys

import torch
import torch.nn.functional as F

from networks import CLASSES, build
from noise import fill, noise_like

SMALL = [3, 3, 8, 40, 40]

CASES = [
    (SMALL, {"model": "r3d", "depth": 10, "shortcut": "a", "width": 0.25}),
    (SMALL, {"model": "r3d", "depth": 10, "shortcut": "b", "width": 0.125, "stem_frames": 3, "stem_stride": 2}),
    (SMALL, {"model": "r3d", "depth": 10, "shortcut": "a", "width": 0.125, "max_pool": False}),
    (SMALL, {"model": "r3d", "depth": 18, "shortcut": "a", "width": 0.125}),
    (SMALL, {"model": "r3d", "depth": 18, "shortcut": "b", "width": 0.125}),
    (SMALL, {"model": "r3d", "depth": 34, "shortcut": "a", "width": 0.0625}),
    (SMALL, {"model": "r3d", "depth": 50, "shortcut": "a", "width": 0.0625}),
    (SMALL, {"model": "r3d", "depth": 50, "shortcut": "b", "width": 0.0625}),
    (SMALL, {"model": "preact", "depth": 18, "shortcut": "a", "width": 0.125}),
    (SMALL, {"model": "preact", "depth": 50, "shortcut": "b", "width": 0.0625}),
    (SMALL, {"model": "wide", "depth": 50, "shortcut": "b", "width": 0.0625}),
    (SMALL, {"model": "resnext", "depth": 50, "shortcut": "b", "width": 0.25}),
    (SMALL, {"model": "resnext", "depth": 50, "shortcut": "a", "width": 0.25}),
    (SMALL, {"model": "r2p1d", "depth": 10, "shortcut": "a", "width": 0.125, "stem_frames": 5, "stem_stride": 2}),
    (SMALL, {"model": "r2p1d", "depth": 18, "shortcut": "b", "width": 0.125}),
    (SMALL, {"model": "r2p1d", "depth": 50, "shortcut": "b", "width": 0.0625}),
    (SMALL, {"model": "r3d_18", "width": 0.125}),
    (SMALL, {"model": "mc3_18", "width": 0.125}),
    (SMALL, {"model": "r2plus1d_18", "width": 0.125}),
    ([2, 3, 17, 96, 112], {"model": "c3d", "width": 0.03125}),
    ([3, 3, 16, 96, 96], {"model": "c3d-bn", "width": 0.03125}),
    ([3, 3, 16, 48, 48], {"model": "i3d", "width": 0.125}),
    ([2, 3, 17, 41, 230], {"model": "i3d", "width": 0.0625}),
    (SMALL, {"model": "wide", "depth": 50, "shortcut": "b", "width": 0.0625, "stem_channels": 8}),
    (SMALL, {"model": "resnext", "depth": 50, "shortcut": "b", "width": 0.25, "stem_channels": 32}),
    (SMALL, {"model": "r3d", "depth": 18, "shortcut": "a", "width": 0.125, "shortcut_gradient": "cut"}),
    (SMALL, {"model": "r3d", "depth": 50, "shortcut": "a", "width": 0.0625, "shortcut_gradient": "cut"}),
    (SMALL, {"model": "preact", "depth": 18, "shortcut": "a", "width": 0.125, "shortcut_gradient": "cut"}),
    (SMALL, {"model": "r2p1d", "depth": 10, "shortcut": "a", "width": 0.125, "shortcut_gradient": "cut"}),
    ([2, 3, 16, 32, 32], {"model": "densenet", "depth": 121, "width": 0.125}),
    ([2, 3, 9, 17, 24],
     {"model": "densenet", "depth": 121, "width": 0.0625, "stem_frames": 3, "stem_channels": 5, "max_pool": False}),
    ([2, 3, 29, 32, 40], {"model": "densenet", "depth": 169, "width": 0.0625, "stem_stride": 2}),
    ([2, 3, 16, 32, 32], {"model": "densenet", "depth": 201, "width": 0.0625}),
    ([2, 3, 16, 32, 32], {"model": "densenet", "depth": 264, "width": 0.0625}),
]


def digests(tensors):
    """Returns {first part of the name: [norm, product with noise]}."""
    sums = {}
    for name, tensor in tensors:
        values = tensor.double()
        part = name.removeprefix("features.").split(".")[0]
        squares, product = sums.get(part, (0, 0))
        sums[part] = (squares + (values * values).sum().item(),
                                    product + (values * noise_like("probe " + name, values)).sum().item())
    return {name: [squares**0.5, product] for name, (squares, product) in sums.items()}


def smooth_clips(network, shape, labels):
    """Returns clips and the name of their noise. No input of a ReLU or max pooling is within float32's rounding of
    the point where its gradient jumps; otherwise the gradients would depend on the processor."""
    def gradient(clips):
        clips = clips.clone().requires_grad_()
        return torch.autograd.grad(F.cross_entropy(network(clips), labels), clips)[0]

    for attempt in range(1000):
        name = f"clips {attempt}"
        clips = 2 * noise_like(name, torch.empty(shape))
        here = gradient(clips)
        nudges = [1e-6 * noise_like(f"nudge {i}", clips) for i in range(8)]
        if all((gradient(clips + nudge) - here).norm() < 1e-5 * here.norm() for nudge in nudges):
            return clips, name
    raise SystemExit("no smooth clips")


def run(shape, options):
    network = build(**options).double()
    fill(network)
    labels = torch.arange(shape[0]) % CLASSES
    network.eval()
    clips, name = smooth_clips(network, shape, labels)
    clips.requires_grad_()

    def one_pass():
        network.zero_grad()
        clips.grad = None
        logits = network(clips)
        F.cross_entropy(logits, labels).backward()
        gradients = [("clips", clips.grad)] + [(n, p.grad) for n, p in network.named_parameters()]
        return {"logits": logits.flatten().tolist(), "gradients": digests(gradients)}

    network.eval()
    evaluated = one_pass()
    network.train()
    trained = one_pass()
    statistics = digests([("all." + n, t) for n, t in network.named_buffers()]).get("all", [0, 0])
    return {"options": options, "shape": shape, "clips": name, "evaluated": evaluated, "trained": trained, "statistics": statistics}


def main(folder):
    torch.set_num_threads(1)
    cases = [json.dumps(run(shape, options)) for shape, options in CASES]
    head = json.dumps({"torch": torch.__version__.split("+")[0], "classes": CLASSES})
    (folder / "network_golden.json").write_text(head[:-1] + ', "cases": [\n' + ",\n".join(cases) + "\n]}\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
