// Computes the number of channels of a layer. This file does not use torch, because programs
// without torch also need it to recognise weights.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace reel3d {

// Returns the number of channels at --width `width` of a layer that has `channels` channels at
// width 1. The number is rounded down and at least 1.
constexpr int64_t ScaledChannels(int64_t channels, double width) {
  return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(channels) * width));
}

// Returns the number of channels between the two halves of a (2+1)D convolution from `in` to `out`
// channels. With this number, both halves together have as many weights as the 3D convolution of
// `frames` x `size` x `size` that they replace (Tran et al. 2018, section 3.5). The number is
// rounded down and at least 1.
constexpr int64_t MiddlePlanes(int64_t in, int64_t out, int64_t frames = 3, int64_t size = 3) {
  return std::max<int64_t>(1, in * out * frames * size * size / (in * size * size + frames * out));
}

}  // namespace reel3d
