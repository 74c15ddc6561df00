"""torch_script.py FILE...: writes the logits of each TorchScript file for two clips of noise() to FILE.logits,
as float32."""

import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "golden"))
from noise import noise  # noqa: E402

torch.set_num_threads(1)
shape = (2, 3, 16, 96, 96)
clips = torch.from_numpy(noise("clips", 2 * 3 * 16 * 96 * 96)).float().reshape(shape)
for file in sys.argv[1:]:
    network = torch.jit.load(file)
    assert not network.training and len(list(network.parameters())) > 0
    with torch.no_grad():
        network(clips).numpy().tofile(file + ".logits")
