"""Runs fifty steps of torch's own SGD, clipping, averaging and losses, for tests/train/optimizer_test.cc.

    python3 tests/golden/make_optimizer_golden.py > tests/golden/optimizer.json     # torch 2.11

First weights and gradients come from formulas that the test repeats. Everything is float64: in float32, torch's plain
and fused SGD differ by 1.1e-6 after fifty steps, and the rounding depends on the processor.
"""

import json
import math

import torch

STEPS, EVERY = 50, 10
# A convolution's kernel, its bias, and a batch norm's scale.
SHAPES = {"kernel": (3, 2, 1, 2, 2), "bias": (3,), "scale": (3,)}
LR = 0.1


def formula(shape, step, tensor):
    values = [math.sin(0.7 * step + 1.3 * i + 2.1 * tensor) for i in range(math.prod(shape))]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        for tensor, (name, shape) in enumerate(SHAPES.items()):
            self.register_parameter(name, torch.nn.Parameter(formula(shape, -1, tensor)))
        self.register_buffer("running", torch.zeros(2, dtype=torch.float64))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))


def run(settings):
    network = Network()
    decay = settings["weight_decay"]
    kernels = [p for p in network.parameters() if p.dim() > 1]
    others = [p for p in network.parameters() if p.dim() <= 1]
    rest = 0.0 if settings["weight_decay_on"] == "weights" else decay
    optimizer = torch.optim.SGD(
        [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": rest}],
        lr=LR,
        momentum=settings["momentum"],
        dampening=settings["dampening"],
        nesterov=settings["nesterov"],
        fused=True,
    )
    warmup = torch.optim.lr_scheduler.LinearLR(optimizer, 0.25, 1.0, total_iters=20)
    averaging = torch.optim.swa_utils.get_ema_multi_avg_fn(settings["ema_decay"])
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=averaging, use_buffers=True
    )
    record = []
    for step in range(STEPS):
        for tensor, parameter in enumerate(network.parameters()):
            # The gradient's length changes, so that clipping has no effect in some steps.
            swell = 1 + 0.8 * math.sin(0.4 * step)
            parameter.grad = formula(parameter.shape, step, tensor) * swell
        norm = torch.nn.utils.clip_grad_norm_(
            network.parameters(), settings["clip_norm"] or math.inf
        )
        optimizer.step()
        network.running.add_(formula((2,), step, 7))
        network.count.add_(1)
        average.update_parameters(network)
        if (step + 1) % EVERY == 0:
            record.append(
                {
                    "norm": norm.item(),
                    "lr": optimizer.param_groups[0]["lr"],
                    "network": {n: p.flatten().tolist() for n, p in network.named_parameters()},
                    "average": {
                        n: p.flatten().tolist()
                        for n, p in average.module.state_dict().items()
                        if n != "count"
                    },
                }
            )
        warmup.step()
    return {"settings": settings, "record": record}


def losses(smoothing):
    logits = formula((4, 5), 3, 1).requires_grad_()
    labels = torch.tensor([0, 4, 2, 2])
    each = torch.nn.CrossEntropyLoss(reduction="none", label_smoothing=smoothing)(logits, labels)
    each.mean().backward()
    return {
        "smoothing": smoothing,
        "losses": each.tolist(),
        "gradient": logits.grad.flatten().tolist(),
    }


plain = {
    "momentum": 0.9,
    "dampening": 0.0,
    "nesterov": False,
    "weight_decay": 0.05,
    "weight_decay_on": "all",
    "clip_norm": 0.0,
    "ema_decay": 0.9,
}
cases = {
    "plain": plain,
    "no_momentum": plain | {"momentum": 0.0},
    "dampened": plain | {"dampening": 0.9},
    "nesterov": plain | {"nesterov": True},
    "weights_decay": plain | {"weight_decay_on": "weights"},
    "clipped": plain | {"clip_norm": 2.5},
    "all_of_it": plain
    | {"nesterov": True, "weight_decay_on": "weights", "clip_norm": 2.5, "ema_decay": 0.99},
}
print(
    json.dumps(
        {
            "cases": {name: run(settings) for name, settings in cases.items()},
            "losses": [losses(0.0), losses(0.1)],
        }
    )
)
