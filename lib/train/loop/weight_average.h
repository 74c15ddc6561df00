// Keeps a moving average of a network's state over the steps of training (EMA). It is smoother than
// the last step's state, so the average is validated and saved as the model.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>

#include <vector>

namespace reel3d {

// Works like torch.optim.swa_utils' AveragedModel with get_ema_multi_avg_fn(decay) and use_buffers.
class WeightAverage {
 public:
  // Both networks must have the same options and device. From here on, their tensors may only be
  // changed in place.
  WeightAverage(const torch::nn::Module& average, const torch::nn::Module& network);

  // Call it after each step. Sets average = decay * average + (1 - decay) * network, for parameters
  // and batch norm's running statistics; counts are copied. A `decay` of 0 copies everything, which
  // the first step needs.
  void Move(double decay);

 private:
  // These are the tensors of the average, and those of the network in the same order.
  std::vector<at::Tensor> averages_, values_;
  std::vector<at::Tensor> average_counts_, counts_;
};

}  // namespace reel3d
