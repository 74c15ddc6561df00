// SPDX-License-Identifier: Apache-2.0
#include "lib/train/weight_average.h"

#include <torch/torch.h>

#include <vector>

#include "lib/model/weights.h"

namespace reel3d {

void MoveAverage(torch::nn::Module& average, const torch::nn::Module& network, double decay) {
  const at::NoGradGuard no_grad;
  const NamedTensors to = StateDict(average);
  const NamedTensors from = StateDict(network);
  std::vector<at::Tensor> averages, values;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i].second.is_floating_point()) {
      averages.push_back(to[i].second);
      values.push_back(from[i].second);
    } else {
      to[i].second.copy_(from[i].second);
    }
  }
  at::_foreach_lerp_(averages, values, 1 - decay);
}

}  // namespace reel3d
