// SPDX-License-Identifier: Apache-2.0
#include "lib/train/optimizer.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <map>

#include "lib/base/error.h"

namespace reel3d {
namespace {

torch::optim::SGDOptions ToTorch(const SgdOptions& options) {
  return torch::optim::SGDOptions(/*lr=*/0)
      .momentum(options.momentum)
      .dampening(options.dampening)
      .nesterov(options.nesterov)
      .weight_decay(options.weight_decay);
}

}  // namespace

Optimizer::Optimizer(const torch::nn::Module& module, const SgdOptions& options)
    : sgd_(module.parameters(), ToTorch(options)) {
  for (const auto& parameter : module.named_parameters()) {
    names_.push_back(parameter.key());
  }
}

void Optimizer::Step(double lr) {
  for (torch::optim::OptimizerParamGroup& group : sgd_.param_groups()) {
    group.options().set_lr(lr);
  }
  sgd_.step();
}

NamedTensors Optimizer::State() {
  NamedTensors state;
  const std::vector<at::Tensor>& parameters = sgd_.param_groups().front().params();
  for (size_t i = 0; i < parameters.size(); ++i) {
    const auto found = sgd_.state().find(parameters[i].unsafeGetTensorImpl());
    if (found != sgd_.state().end()) {
      const auto& of_parameter = static_cast<const torch::optim::SGDParamState&>(*found->second);
      if (of_parameter.momentum_buffer().defined()) {
        state.emplace_back(names_[i], of_parameter.momentum_buffer());
      }
    }
  }
  return state;
}

void Optimizer::Restore(const NamedTensors& state) {
  std::map<std::string, at::Tensor> by_name(state.begin(), state.end());
  const std::vector<at::Tensor>& parameters = sgd_.param_groups().front().params();
  for (size_t i = 0; i < parameters.size() && !state.empty(); ++i) {
    const auto found = by_name.find(names_[i]);
    if (found == by_name.end() || found->second.sizes() != parameters[i].sizes()) {
      throw InputError(fmt::format("optimizer state: {} is {}", names_[i],
                                   found == by_name.end() ? "missing" : "of another shape"));
    }
    auto of_parameter = std::make_unique<torch::optim::SGDParamState>();
    of_parameter->momentum_buffer(found->second.to(parameters[i].options()).clone());
    sgd_.state()[parameters[i].unsafeGetTensorImpl()] = std::move(of_parameter);
    by_name.erase(found);
  }
  if (!by_name.empty() && !state.empty()) {
    throw InputError("optimizer state: unknown tensor " + by_name.begin()->first);
  }
}

}  // namespace reel3d
