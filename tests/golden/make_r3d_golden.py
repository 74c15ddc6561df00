"""Makes r3d_golden.json and tensors.safetensors: what PyTorch says of small 3D ResNets.

Usage: python3 tests/golden/make_r3d_golden.py tests/golden
Needs torch, numpy and safetensors. tests/model compares reel3d with its output.

The networks are written here from their description (reference.md, section 1.1) with torch.nn.
Weights, clips and labels come from the formula of noise(), which the C++ test repeats, so that no
weights need to be stored. All in float64; the test does the same, and float32 besides.
"""

import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

BLOCKS = {10: [1, 1, 1, 1], 18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3]}
CLASSES = 5
SHAPE = [3, 3, 8, 40, 40]

CASES = [
    {"depth": 10, "shortcut": "a", "width": 0.25},
    {"depth": 10, "shortcut": "b", "width": 0.125, "stem_frames": 3, "stem_stride": 2},
    {"depth": 10, "shortcut": "a", "width": 0.125, "max_pool": False},
    {"depth": 18, "shortcut": "a", "width": 0.125},
    {"depth": 18, "shortcut": "b", "width": 0.125},
    {"depth": 34, "shortcut": "a", "width": 0.0625},
    {"depth": 50, "shortcut": "a", "width": 0.0625},
    {"depth": 50, "shortcut": "b", "width": 0.0625},
]


def noise(name, count):
    """Values in [-1, 1), a multiplicative hash of (name, index)."""
    with np.errstate(over="ignore"):
        key = np.uint64(0)
        for byte in name.encode():
            key = key * np.uint64(31) + np.uint64(byte)
        z = (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + key
        z ^= z >> np.uint64(32)
        z *= np.uint64(0xD6E8FEB86659FD93)
        z ^= z >> np.uint64(32)
    return (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1


class Block(nn.Module):
    def __init__(self, inputs, planes, stride, shortcut, bottleneck):
        super().__init__()
        outputs = planes * 4 if bottleneck else planes
        kernels = [1, 3, 1] if bottleneck else [3, 3]
        strides = [1, stride, 1] if bottleneck else [stride, 1]
        sizes = [inputs, planes, planes, outputs] if bottleneck else [inputs, planes, planes]
        self.count = len(kernels)
        for i, (kernel, step) in enumerate(zip(kernels, strides)):
            conv = nn.Conv3d(sizes[i], sizes[i + 1], kernel, step, kernel // 2, bias=False)
            setattr(self, f"conv{i + 1}", conv)
            setattr(self, f"bn{i + 1}", nn.BatchNorm3d(sizes[i + 1]))
        self.stride, self.extra = stride, outputs - inputs
        self.downsample = None
        if shortcut == "b" and (stride != 1 or inputs != outputs):
            conv = nn.Conv3d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm3d(outputs))

    def forward(self, x):
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            if i < self.count:
                y = F.relu(y)
        if self.downsample is not None:
            return F.relu(y + self.downsample(x))
        x = F.avg_pool3d(x, kernel_size=1, stride=self.stride)
        n, _, t, h, w = x.shape
        return F.relu(y + torch.cat([x, x.new_zeros(n, self.extra, t, h, w)], dim=1))


class Network(nn.Module):
    def __init__(self, depth, shortcut, width, stem_frames=7, stem_stride=1, max_pool=True):
        super().__init__()
        planes = [int(p * width) for p in (64, 128, 256, 512)]
        self.conv1 = nn.Conv3d(
            3, planes[0], (stem_frames, 7, 7), (stem_stride, 2, 2), (stem_frames // 2, 3, 3), bias=False)
        self.bn1 = nn.BatchNorm3d(planes[0])
        self.max_pool = max_pool
        inputs = planes[0]
        for i in range(4):
            layer = []
            for j in range(BLOCKS[depth][i]):
                stride = 2 if i > 0 and j == 0 else 1
                layer.append(Block(inputs, planes[i], stride, shortcut, depth >= 50))
                inputs = planes[i] * (4 if depth >= 50 else 1)
            setattr(self, f"layer{i + 1}", nn.Sequential(*layer))
        self.fc = nn.Linear(inputs, CLASSES)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        if self.max_pool:
            x = F.max_pool3d(x, 3, 2, 1)
        for i in range(4):
            x = getattr(self, f"layer{i + 1}")(x)
        return self.fc(x.mean(dim=(2, 3, 4)))


def fill(network):
    """Convolutions of Kaiming's spread, the rest around where training begins."""
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            values = torch.from_numpy(noise(name, tensor.numel())).reshape(tensor.shape)
            if tensor.dim() == 5:
                values *= (6 / (tensor.numel() / tensor.shape[1])) ** 0.5
            elif tensor.dim() == 2:
                values *= tensor.shape[1] ** -0.5
            elif name.endswith(("running_var", "bn1.weight", "bn2.weight", "bn3.weight", "downsample.1.weight")):
                values = 1 + 0.2 * values
            else:
                values *= 0.2
            tensor.copy_(values)


def run(options):
    network = Network(**options).double()
    fill(network)
    count = int(np.prod(SHAPE))
    clips = torch.from_numpy(2 * noise("clips", count)).reshape(SHAPE)
    clips.requires_grad_()
    labels = torch.arange(SHAPE[0]) % CLASSES
    network.eval()
    with torch.no_grad():
        evaluated = network(clips)
    network.train()
    trained = network(clips)
    loss = F.cross_entropy(trained, labels)
    loss.backward()
    gradients = {"clips": clips.grad} | {n: p.grad for n, p in network.named_parameters()}
    state = network.state_dict()
    return {
        "options": options,
        "logits_evaluated": evaluated.flatten().tolist(),
        "logits_trained": trained.flatten().tolist(),
        "loss": loss.item(),
        # Of each: norm, first and last value.
        "gradients": {n: [g.norm().item(), g.flatten()[0].item(), g.flatten()[-1].item()]
                      for n, g in gradients.items()},
        "running": {n: t.double().norm().item() for n, t in state.items() if n.endswith(("mean", "var", "tracked"))},
    }


def main(folder):
    torch.set_num_threads(1)
    result = {"shape": SHAPE, "classes": CLASSES, "cases": [run(options) for options in CASES]}
    (folder / "r3d_golden.json").write_text(json.dumps(result, indent=0) + "\n")
    tensors = {
        "whole": torch.arange(6).reshape(2, 3),
        "real": torch.from_numpy(noise("real", 12)).float().reshape(3, 2, 2),
        "half": torch.from_numpy(noise("half", 3)).bfloat16(),
        "truth": torch.tensor([True, False, True]),
        "scalar": torch.tensor(2.5, dtype=torch.float64),
        "none": torch.zeros(0, 4),
    }
    save_file(tensors, folder / "tensors.safetensors", metadata={"made": "by Python"})


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
