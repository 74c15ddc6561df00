// SGD as the recipes mean it (momentum, dampening, Nesterov, weight decay on everything or on the
// weights alone, gradients clipped by their norm), by torch's fused kernel: one pass over memory,
// where torch::optim::SGD takes several. With few clips a step, that is what a step spends most on
// besides the network. Its state goes by the parameters' names.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "lib/model/tensor_io.h"
#include "lib/train/train_options.h"

namespace reel3d {

class Optimizer {
 public:
  // What a parameter's learning rate is a multiple of the step's by.
  using RateFactors = std::function<double(const std::string& parameter)>;

  // Of the parameters that require gradients: frozen ones stay as they are.
  Optimizer(
      const torch::nn::Module& module, const SgdOptions& options,
      const RateFactors& rate_factor = [](const std::string&) { return 1.0; });

  // Before a step: scales down the gradients that the parameters hold, where they are too long.
  // Returns their norm over all parameters, as it was: a scalar on the device, which nobody has
  // waited for.
  at::Tensor ClipGradients();
  // One step at this learning rate with those gradients: the ranks' average, so that every rank
  // takes the same step.
  void Step(double lr);

  // The momentum of each parameter under its own name; empty before the first step.
  NamedTensors State();
  // Throws an input error that names the tensor unless all fit the parameters.
  void Restore(const NamedTensors& state);

 private:
  // Parameters that have these in common.
  struct Group {
    double rate_factor = 1, weight_decay = 0;
    std::vector<size_t> members;  // of parameters_
  };

  const SgdOptions options_;
  std::vector<std::pair<std::string, at::Tensor>> parameters_;
  std::vector<Group> groups_;
  std::vector<at::Tensor> momentum_;  // of each parameter, laid out like it; none before a step
};

}  // namespace reel3d
