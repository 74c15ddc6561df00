// The made-up weights of tests/golden/make_r3d_golden.py.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <vector>

namespace reel3d::test {

// float64 values in [-1, 1), a hash of (name, index): noise() of the script.
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

}  // namespace reel3d::test
