"""Stands in for the authors' Python code: writes checkpoints in its layout, and reads ours.

    published_weights.py write FILE DEPTH SHORTCUT CLASSES   writes a complete checkpoint under DataParallel
    published_weights.py compare FILE OURS                   checks that all tensors are the same, by name
    published_weights.py logits FILE DEPTH SHORTCUT OUT      writes logits of the clips of noise(), as float32
    published_weights.py reference FILE DEPTH SHORTCUT       loads it as main.py's --resume_path and --pretrain_path do
    published_weights.py script OURS OUT                     writes the logits of a TorchScript file

Needs torch, numpy and safetensors. The networks are those of tests/golden/networks.py.
"""

import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "golden"))
import networks  # noqa: E402
from noise import noise  # noqa: E402


def weights(file):
    """Returns {name: tensor}, without DataParallel's prefix in the names. Loads tensors only, no Python objects."""
    loaded = torch.load(file, weights_only=True, map_location="cpu")
    return {k.removeprefix("module."): v for k, v in loaded.get("state_dict", loaded).items()}


def write(file, depth, shortcut, classes):
    torch.manual_seed(int(depth))
    networks.CLASSES = int(classes)
    network = torch.nn.DataParallel(networks.build("r3d", depth=int(depth), shortcut=shortcut))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [50, 100, 150])
    torch.save(
        {
            "epoch": 200,
            "arch": f"resnet-{depth}",
            "state_dict": network.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
        },
        file,
    )


def compare(file, ours):
    expected, found = weights(file), weights(ours)
    assert expected.keys() == found.keys(), expected.keys() ^ found.keys()
    for name, tensor in expected.items():
        assert tensor.dtype == found[name].dtype and torch.equal(tensor, found[name]), name


def clips():
    return torch.from_numpy(noise("clips", 2 * 3 * 16 * 48 * 48)).float().reshape(2, 3, 16, 48, 48)


def logits(file, depth, shortcut, out):
    state = weights(file)
    networks.CLASSES = len(state["fc.bias"])
    network = networks.build("r3d", depth=int(depth), shortcut=shortcut)
    network.load_state_dict(state)
    with torch.no_grad():
        network.eval()(clips()).numpy().tofile(out)


def reference(file, depth, shortcut):
    loaded = torch.load(file, weights_only=True, map_location="cpu")
    assert loaded["arch"] == f"resnet-{depth}" and isinstance(loaded["epoch"], int), loaded.keys()
    networks.CLASSES = len(loaded["state_dict"]["fc.bias"])
    networks.build("r3d", depth=int(depth), shortcut=shortcut).load_state_dict(loaded["state_dict"])


def script(ours, out):
    network = torch.jit.load(ours)
    with torch.no_grad():
        network(clips()).numpy().tofile(out)


if __name__ == "__main__":
    torch.set_num_threads(1)
    {"write": write, "compare": compare, "logits": logits, "reference": reference, "script": script}[sys.argv[1]](*sys.argv[2:])
