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

std::vector<std::pair<std::string, at::Tensor>> Trainable(const torch::nn::Module& module) {
  std::vector<std::pair<std::string, at::Tensor>> parameters;
  for (const auto& parameter : module.named_parameters()) {
    if (parameter.value().requires_grad()) {
      parameters.emplace_back(parameter.key(), parameter.value());
    }
  }
  return parameters;
}

// Kernels of convolutions and matrices of linear layers; biases, and the scales and offsets of
// batch norm, have one axis.
bool IsWeight(const at::Tensor& parameter) { return parameter.dim() > 1; }

}  // namespace

Optimizer::Optimizer(const torch::nn::Module& module, const SgdOptions& options,
                     const RateFactors& rate_factor)
    : clip_norm_(options.clip_norm),
      parameters_(Trainable(module)),
      sgd_(std::vector<at::Tensor>(), ToTorch(options)) {
  std::map<std::pair<double, bool>, std::vector<at::Tensor>> groups;
  for (const auto& [name, parameter] : parameters_) {
    const bool decays = options.weight_decay_on == "all" || IsWeight(parameter);
    groups[{rate_factor(name), decays}].push_back(parameter);
  }
  sgd_.param_groups().clear();  // the empty one that it was made with
  for (const auto& [kind, parameters] : groups) {
    const auto& [factor, decays] = kind;
    factors_.push_back(factor);
    auto of_group = std::make_unique<torch::optim::SGDOptions>(ToTorch(options));
    of_group->weight_decay(decays ? options.weight_decay : 0);
    sgd_.add_param_group(torch::optim::OptimizerParamGroup(parameters, std::move(of_group)));
  }
}

// As torch.nn.utils.clip_grad_norm_.
at::Tensor Optimizer::ClipGradients() {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  for (const auto& [name, parameter] : parameters_) {
    if (parameter.grad().defined()) {
      gradients.push_back(parameter.grad());
    }
  }
  at::Tensor norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients)));
  if (clip_norm_ > 0) {
    at::_foreach_mul_(gradients, ((norm + 1e-6).reciprocal() * clip_norm_).clamp_max(1));
  }
  return norm;
}

void Optimizer::Step(double lr) {
  for (size_t group = 0; group < factors_.size(); ++group) {
    sgd_.param_groups()[group].options().set_lr(lr * factors_[group]);
  }
  sgd_.step();
}

NamedTensors Optimizer::State() {
  NamedTensors state;
  for (const auto& [name, parameter] : parameters_) {
    const auto found = sgd_.state().find(parameter.unsafeGetTensorImpl());
    if (found != sgd_.state().end()) {
      const auto& of_parameter = static_cast<const torch::optim::SGDParamState&>(*found->second);
      if (of_parameter.momentum_buffer().defined()) {
        state.emplace_back(name, of_parameter.momentum_buffer());
      }
    }
  }
  return state;
}

void Optimizer::Restore(const NamedTensors& state) {
  std::map<std::string, at::Tensor> by_name(state.begin(), state.end());
  if (state.empty()) {
    return;
  }
  for (const auto& [name, parameter] : parameters_) {
    const auto found = by_name.find(name);
    if (found == by_name.end() || found->second.sizes() != parameter.sizes()) {
      throw InputError(fmt::format("optimizer state: {} is {}", name,
                                   found == by_name.end() ? "missing" : "of another shape"));
    }
    auto of_parameter = std::make_unique<torch::optim::SGDParamState>();
    of_parameter->momentum_buffer(found->second.to(parameter.options()).clone());
    sgd_.state()[parameter.unsafeGetTensorImpl()] = std::move(of_parameter);
    by_name.erase(found);
  }
  if (!by_name.empty()) {
    throw InputError("optimizer state: unknown tensor " + by_name.begin()->first);
  }
}

}  // namespace reel3d
