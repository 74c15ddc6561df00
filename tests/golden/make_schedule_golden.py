"""Prints the learning rates of torch's own schedulers, for tests/train/schedule_test.cc.

    python3 tests/golden/make_schedule_golden.py > tests/golden/schedule.json     # torch 2.11

The validation losses of the plateau case come from a formula that the test repeats.
"""

import json
import math

import torch


def losses(count):
    # The loss falls and then ripples around 1, so the rate decays several times.
    return [1 + 2 * math.exp(-e / 5) + 0.05 * math.sin(1.7 * e) for e in range(count)]


def rates(make, count, metric=None):
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    scheduler = make(optimizer)
    used = []
    for epoch in range(count):
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(metric[epoch]) if metric else scheduler.step()
    return used


schedulers = torch.optim.lr_scheduler
golden = {
    "plateau": rates(
        lambda o: schedulers.ReduceLROnPlateau(o, "min", factor=0.1, patience=10), 120, losses(120)
    ),
    "multistep": rates(lambda o: schedulers.MultiStepLR(o, [5, 10, 15], 0.1), 20),
    "cosine": rates(lambda o: schedulers.CosineAnnealingLR(o, 20), 20),
}
print(json.dumps(golden))
