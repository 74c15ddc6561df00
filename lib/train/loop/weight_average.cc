// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/weight_average.h"

#include <torch/nn/module.h>

#include "lib/base/error.h"
#include "lib/model/weights.h"

namespace reel3d {

WeightAverage::WeightAverage(const torch::nn::Module& average, const torch::nn::Module& network) {
  const NamedTensors to = StateDict(average);
  const NamedTensors from = StateDict(network);
  REEL3D_CHECK(to.size() == from.size());
  for (size_t i = 0; i < to.size(); ++i) {
    const bool is_count = !to[i].second.is_floating_point();
    (is_count ? average_counts_ : averages_).push_back(to[i].second);
    (is_count ? counts_ : values_).push_back(from[i].second);
  }
}

void WeightAverage::Move(double decay) {
  const at::NoGradGuard no_grad;
  at::_foreach_lerp_(averages_, values_, 1 - decay);
  if (!counts_.empty()) {  // a network without batch norm has none
    at::_foreach_copy_(average_counts_, counts_);
  }
}

}  // namespace reel3d
