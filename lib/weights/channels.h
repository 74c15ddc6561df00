// How many channels a layer has. Without torch, for whoever builds networks and whoever recognises
// their weights.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace reel3d {

// At --width, of a layer that has `channels` at width 1: rounded down, at least one.
constexpr int64_t ScaledChannels(int64_t channels, double width) {
  return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(channels) * width));
}

// Between the two halves of a (2+1)D convolution: so many that both together have as many weights
// as the 3D convolution that they replace, `frames` x `size` x `size` (Tran et al. 2018, section
// 3.5), rounded down, at least one.
constexpr int64_t MiddlePlanes(int64_t in, int64_t out, int64_t frames = 3, int64_t size = 3) {
  return std::max<int64_t>(1, in * out * frames * size * size / (in * size * size + frames * out));
}

}  // namespace reel3d
