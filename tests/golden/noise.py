"""Weights and clips out of a formula, which the C++ tests repeat (tests/model/noise.h): none need be stored."""

import numpy as np
import torch


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


def noise_like(name, tensor):
    return torch.from_numpy(noise(name, tensor.numel())).reshape(tensor.shape)


def fill(network):
    """Convolutions of Kaiming's spread, the rest around where training begins."""
    state = network.state_dict()
    with torch.no_grad():
        for name, tensor in state.items():
            if name.endswith("num_batches_tracked"):
                continue
            values = noise_like(name, tensor)
            if tensor.dim() == 5:
                values *= (6 / (tensor.numel() / tensor.shape[1])) ** 0.5
            elif tensor.dim() == 2:
                values *= tensor.shape[1] ** -0.5
            elif name.endswith("running_var") or (
                    name.endswith(".weight") and name.removesuffix("weight") + "running_var" in state):
                values = 1 + 0.2 * values
            else:
                values *= 0.2
            tensor.copy_(values)
