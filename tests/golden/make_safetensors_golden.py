"""Makes tensors.safetensors: tensors of every type, written by the safetensors library of Python.

Usage: python3 tests/golden/make_safetensors_golden.py tests/golden
Needs torch, numpy and safetensors. tests/weights/safetensors_test.cc reads the file and checks every value.
"""

import pathlib
import sys

import torch
from noise import noise
from safetensors.torch import save_file


def main(folder):
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
