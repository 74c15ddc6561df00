// A moving average of a network's state over the steps of training (EMA): smoother than the last
// step's, it is what is then validated and used.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>

namespace reel3d {

// After a step: average = decay * average + (1 - decay) * network, parameters and batch norm's
// running statistics alike; its counts are copied. A `decay` of 0 copies all, as the first step
// must. Both are networks of the same options on the same device. As torch.optim.swa_utils'
// AveragedModel with get_ema_multi_avg_fn(decay) and use_buffers.
void MoveAverage(torch::nn::Module& average, const torch::nn::Module& network, double decay);

}  // namespace reel3d
