// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/optimizer.h"

#include <fmt/format.h>
#include <torch/nn/module.h>

#include <map>

#include "lib/base/error.h"
#include "lib/model/norm.h"

namespace reel3d {
namespace {

std::vector<std::pair<std::string, at::Tensor>> Trainable(const torch::nn::Module& module) {
  std::vector<std::pair<std::string, at::Tensor>> parameters;
  for (const auto& parameter : module.named_parameters()) {
    if (parameter.value().requires_grad()) {
      parameters.emplace_back(parameter.key(), parameter.value());
    }
  }
  return parameters;
}

// Returns true for kernels of convolutions and matrices of linear layers. Biases, and batch norm's
// scales and offsets, have one axis.
bool IsWeight(const at::Tensor& parameter) { return parameter.dim() > 1; }

// Returns a flat view of the values in memory order. The fused kernel would copy channels-last
// tensors to contiguous ones first, and copy them back (torch 2.11).
at::Tensor AsInMemory(const at::Tensor& values) {
  if (values.is_contiguous()) {
    return values;
  }
  REEL3D_CHECK(values.is_non_overlapping_and_dense());
  return values.as_strided({values.numel()}, {1});
}

at::Tensor LaidOutLike(const at::Tensor& parameter, const at::Tensor& values) {
  return values.strides() == parameter.strides() ? values : at::empty_like(parameter).copy_(values);
}

}  // namespace

Optimizer::Optimizer(const torch::nn::Module& module, const SgdOptions& options,
                     const RateFactors& rate_factor)
    : options_(options), parameters_(Trainable(module)) {
  std::map<std::pair<double, double>, std::vector<size_t>> groups;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const auto& [name, parameter] = parameters_[i];
    const bool decays = options.weight_decay_on == WeightDecayOn::kAll || IsWeight(parameter);
    groups[{rate_factor(name), decays ? options.weight_decay : 0}].push_back(i);
  }
  for (const auto& [kind, members] : groups) {
    groups_.push_back({kind.first, kind.second, members});
  }
}

// Works like torch.nn.utils.clip_grad_norm_.
at::Tensor Optimizer::ClipGradients() {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  for (const auto& [name, parameter] : parameters_) {
    if (parameter.grad().defined()) {
      gradients.push_back(parameter.grad());
    }
  }
  at::Tensor norm = NormOfAll(gradients);
  if (options_.clip_norm > 0) {
    at::_foreach_mul_(gradients, ((norm + 1e-6).reciprocal() * options_.clip_norm).clamp_max(1));
  }
  return norm;
}

void Optimizer::Step(double lr) {
  const at::NoGradGuard no_grad;
  const bool is_first = momentum_.empty();
  if (is_first && options_.momentum > 0) {
    for (const auto& [name, parameter] : parameters_) {
      momentum_.push_back(at::empty_like(parameter));
    }
  }
  for (const Group& group : groups_) {
    std::vector<at::Tensor> parameters;
    std::vector<at::Tensor> gradients;
    std::vector<at::Tensor> momentum;
    for (const size_t i : group.members) {
      const at::Tensor& parameter = parameters_[i].second;
      REEL3D_CHECK(parameter.grad().defined());
      parameters.push_back(AsInMemory(parameter));
      gradients.push_back(AsInMemory(LaidOutLike(parameter, parameter.grad())));
      if (options_.momentum > 0) {
        momentum.push_back(AsInMemory(momentum_[i]));
      }
    }
    at::_fused_sgd_(parameters, gradients, momentum, group.weight_decay, options_.momentum,
                    lr * group.rate_factor, options_.dampening, options_.nesterov,
                    /*maximize=*/false, is_first);
  }
}

NamedTensors Optimizer::State() {
  NamedTensors state;
  for (size_t i = 0; i < momentum_.size(); ++i) {
    state.emplace_back(parameters_[i].first, momentum_[i]);
  }
  return state;
}

void Optimizer::Restore(const NamedTensors& state) {
  std::map<std::string, at::Tensor> by_name(state.begin(), state.end());
  momentum_.clear();
  if (state.empty()) {
    return;
  }
  for (const auto& [name, parameter] : parameters_) {
    const auto found = by_name.find(name);
    if (found == by_name.end() || found->second.sizes() != parameter.sizes()) {
      throw InputError(fmt::format("optimizer state: {} is {}", name,
                                   found == by_name.end() ? "missing" : "of another shape"));
    }
    momentum_.push_back(at::empty_like(parameter));
    momentum_.back().copy_(found->second);
    by_name.erase(found);
  }
  if (!by_name.empty()) {
    throw InputError("optimizer state: unknown tensor " + by_name.begin()->first);
  }
}

}  // namespace reel3d
