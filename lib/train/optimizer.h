// SGD as the recipes mean it (momentum, dampening, Nesterov, weight decay on everything): torch's
// own, with its state under the parameters' names.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>
#include <torch/optim/sgd.h>

#include <string>
#include <vector>

#include "lib/model/tensor_io.h"
#include "lib/train/train_options.h"

namespace reel3d {

class Optimizer {
 public:
  Optimizer(const torch::nn::Module& module, const SgdOptions& options);

  // One step at this learning rate with the gradients that the parameters hold.
  void Step(double lr);

  // The momentum of each parameter under its own name; empty before the first step.
  NamedTensors State();
  // Throws an input error that names the tensor unless all fit the parameters.
  void Restore(const NamedTensors& state);

 private:
  std::vector<std::string> names_;
  torch::optim::SGD sgd_;
};

}  // namespace reel3d
