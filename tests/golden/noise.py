"""Makes weights and clips from a formula. C++ tests repeat it (tests/model/noise.h), so no values are stored."""

import numpy as np
import torch


def noise(name, count):
    """Returns values in [-1, 1): a multiplicative hash of (name, index)."""
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
    """Fills convolutions with Kaiming's spread, and all other tensors with values near usual initial values."""
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
