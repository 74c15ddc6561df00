// Lists the depths and channels of 3D DenseNets. This file does not use torch, because programs
// without torch also need it to recognise weights.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace reel3d {

// A dense layer first computes kDenseBottleneck times as many channels as it adds. At --width 1 it
// adds kDenseGrowth channels.
constexpr int64_t kDenseGrowth = 32;
constexpr int64_t kDenseBottleneck = 4;

struct DenseNetDepth {
  int layers;
  std::array<int64_t, 4> blocks;  // dense layers of denseblock1 .. denseblock4
};
constexpr std::array<DenseNetDepth, 4> kDenseNetDepths = {{{121, {6, 12, 24, 16}},
                                                           {169, {6, 12, 32, 32}},
                                                           {201, {6, 12, 48, 32}},
                                                           {264, {6, 12, 64, 48}}}};

}  // namespace reel3d
