"""Makes cam_golden.json: class activation maps of small networks, computed by PyPI's grad-cam (pytorch-grad-cam).

Usage: python3 tests/golden/make_cam_golden.py tests/golden
Needs the packages of tests/golden/cam-requirements.txt. tests/infer/class_maps_test.cc compares reel3d with its output.

Networks with a linear head get HiResCAM, which multiplies features and gradients place by place: for such networks this
is the exact class activation map. Features of earlier stages get it too. C3D gets Grad-CAM. Weights and clips come from noise(), as in make_network_golden.py.
The maps are those of get_cam_image(), before grad-cam scales them to 0 .. 1, with its ReLU for Grad-CAM.
"""

import json
import pathlib
import sys

import numpy as np
import torch
from pytorch_grad_cam import GradCAM, HiResCAM

from networks import CLASSES, build
from noise import fill, noise_like

LAST = {"densenet": "last", "c3d": "last", "c3d-bn": "last", "i3d": "Mixed_5c"}

# Shape of the clips, options, stages that are left behind the features.
CASES = [
    ([3, 3, 16, 72, 88], {"model": "r3d", "depth": 10, "shortcut": "a", "width": 0.125, "max_pool": False}),
    ([2, 3, 16, 100, 112], {"model": "r3d", "depth": 18, "shortcut": "b", "width": 0.125}),
    ([2, 3, 16, 72, 72], {"model": "preact", "depth": 18, "shortcut": "a", "width": 0.125}),
    ([2, 3, 16, 64, 64], {"model": "r2p1d", "depth": 10, "shortcut": "a", "width": 0.125}),
    ([2, 3, 16, 64, 64], {"model": "densenet", "depth": 121, "width": 0.0625}),
    ([2, 3, 33, 72, 260], {"model": "i3d", "width": 0.0625}),
    ([2, 3, 17, 96, 112], {"model": "c3d", "width": 0.03125}),
    ([3, 3, 16, 96, 96], {"model": "c3d-bn", "width": 0.03125}),
    ([2, 3, 16, 72, 72], {"model": "r3d", "depth": 10, "shortcut": "a", "width": 0.125}, 2),
    ([2, 3, 16, 32, 48], {"model": "i3d", "width": 0.0625}, 2),
]


def maps(method, network, last, clips, labels):
    layer = network.get_submodule(last)
    cam = method(network, [layer])
    targets = [lambda output, label=label: output[label] for label in labels]
    outputs = cam.activations_and_grads(clips)
    sum(target(output) for target, output in zip(targets, outputs)).backward()
    activations = cam.activations_and_grads.activations[0].detach().numpy()
    gradients = cam.activations_and_grads.gradients[0].detach().numpy()
    image = cam.get_cam_image(clips, layer, targets, activations, gradients, eigen_smooth=False)
    cam.activations_and_grads.release()
    return image, outputs.detach().numpy()


def run(shape, options, stages_left=0):
    network = build(**options).double()
    fill(network)
    network.eval()
    clips = 2 * noise_like("clips", torch.empty(shape))
    labels = [(2 * n + 1) % CLASSES for n in range(shape[0])]
    last = LAST.get(options["model"], "layer4")
    if stages_left == 2:
        last = {"r3d": "layer2", "i3d": "Mixed_3c"}[options["model"]]
    if options["model"].startswith("c3d"):
        image, logits = maps(GradCAM, network, last, clips, labels)
        image = np.maximum(image, 0)
    else:
        image, logits = maps(HiResCAM, network, last, clips, labels)
    return {"options": options, "stages_left": stages_left, "shape": shape, "labels": labels, "logits": np.round(logits, 9).tolist(),
            "map_shape": list(image.shape), "maps": [float(f"{value:.8g}") for value in image.ravel()]}


def main(folder):
    torch.set_num_threads(1)
    cases = [json.dumps(run(*case)) for case in CASES]
    (folder / "cam_golden.json").write_text(f'{{"classes": {CLASSES}, "cases": [\n' + ",\n".join(cases) + "\n]}\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
