// Implements SGD as the recipes define it: momentum, dampening, Nesterov, weight decay on all
// parameters or only on weights, gradients clipped by their norm. It uses torch's fused kernel,
// which takes one pass over memory where torch::optim::SGD takes several. With few clips per step,
// the optimizer is the most expensive part besides the network. State is saved under the
// parameters' names.
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
  // Returns the factor by which the learning rate of a parameter differs from that of the step.
  using RateFactors = std::function<double(const std::string& parameter)>;

  // Optimises the parameters that require gradients; frozen parameters stay unchanged.
  Optimizer(
      const torch::nn::Module& module, const SgdOptions& options,
      const RateFactors& rate_factor = [](const std::string&) { return 1.0; });

  // Scales down the gradients of the parameters if their norm exceeds the limit. Call it before a
  // step. Returns the norm over all parameters before scaling: a scalar on the device, for which
  // the host has not waited.
  at::Tensor ClipGradients();
  // Takes one step at this learning rate. The gradients are the ranks' average, so every rank takes
  // the same step.
  void Step(double lr);

  // Returns the momentum of each parameter under its name; empty before the first step.
  NamedTensors State();
  // Sets the momentum to what State() returned. Throws an input error that names the tensor if a
  // tensor is missing, unknown or of another shape.
  void Restore(const NamedTensors& state);

 private:
  // The parameters with the same rate factor and weight decay.
  struct Group {
    double rate_factor = 1, weight_decay = 0;
    std::vector<size_t> members;  // indices into parameters_
  };

  const SgdOptions options_;
  std::vector<std::pair<std::string, at::Tensor>> parameters_;
  std::vector<Group> groups_;
  std::vector<at::Tensor> momentum_;  // laid out like parameters_; empty before the first step
};

}  // namespace reel3d
