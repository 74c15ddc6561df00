// A moving average of a network's state over the steps of training (EMA): smoother than the last
// step's, it is what is then validated and used.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>

#include <vector>

namespace reel3d {

// As torch.optim.swa_utils' AveragedModel with get_ema_multi_avg_fn(decay) and use_buffers.
class WeightAverage {
 public:
  // Both are networks of the same options on the same device. Whoever changes their tensors does so
  // in place from here on.
  WeightAverage(const torch::nn::Module& average, const torch::nn::Module& network);

  // After a step: average = decay * average + (1 - decay) * network, parameters and batch norm's
  // running statistics alike; its counts are copied. A `decay` of 0 copies all, as the first step
  // must.
  void Move(double decay);

 private:
  // Of the average, and of the network in the same order.
  std::vector<at::Tensor> averages_, values_;
  std::vector<at::Tensor> average_counts_, counts_;
};

}  // namespace reel3d
