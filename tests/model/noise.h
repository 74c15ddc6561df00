// The synthetic weights of tests/golden/noise.py.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lib/model/weights.h"

namespace reel3d::test {

// Returns float64 values in [-1, 1), a hash of (name, index), like noise() of the script.
inline at::Tensor Noise(const std::string& name, const std::vector<int64_t>& shape) {
  uint64_t key = 0;
  for (const char byte : name) {
    key = key * 31 + static_cast<unsigned char>(byte);
  }
  at::Tensor tensor = at::empty(shape, at::kDouble);
  auto* values = tensor.data_ptr<double>();
  for (int64_t index = 0; index < tensor.numel(); ++index) {
    uint64_t z = static_cast<uint64_t>(index + 1) * 0x9E3779B97F4A7C15U + key;
    z ^= z >> 32U;
    z *= 0xD6E8FEB86659FD93U;
    z ^= z >> 32U;
    values[index] = static_cast<double>(z >> 40U) / (1U << 23U) - 1;
  }
  return tensor;
}

// Fills all weights like fill() of the script.
inline void FillWithNoise(torch::nn::Module& module) {
  const auto ends_with = [](const std::string& text, const std::string& end) {
    return text.size() >= end.size() &&
           text.compare(text.size() - end.size(), end.size(), end) == 0;
  };
  const NamedTensors tensors = StateDict(module);
  const std::map<std::string, at::Tensor> state(tensors.begin(), tensors.end());
  for (const auto& [name, tensor] : state) {
    if (ends_with(name, "num_batches_tracked")) {
      continue;
    }
    at::Tensor values = Noise(name, tensor.sizes().vec());
    const std::string layer = name.substr(0, name.rfind('.') + 1);
    if (tensor.dim() == 5) {
      values *= std::sqrt(6.0 / static_cast<double>(tensor.numel() / tensor.size(1)));
    } else if (tensor.dim() == 2) {
      values /= std::sqrt(static_cast<double>(tensor.size(1)));
    } else if (ends_with(name, "running_var") ||
               (ends_with(name, ".weight") && state.count(layer + "running_var") > 0)) {
      values = 1 + 0.2 * values;
    } else {
      values *= 0.2;
    }
    tensor.copy_(values);
  }
}

}  // namespace reel3d::test
