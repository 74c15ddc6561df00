// Lists the depths and channels of 3D DenseNets. It does without torch, because the network and the
// recognition of its weights both use it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace reel3d {

// A dense layer adds kDenseGrowth channels at --width 1, and computes them from four times as many.
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
