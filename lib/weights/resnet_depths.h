// Lists the depths of residual networks. This file does not use torch, because programs without
// torch also need it to recognise weights.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace reel3d {

struct ResNetDepth {
  int layers;
  bool bottlenecks;               // true: blocks of three convolutions, the middle one 3x3x3
  std::array<int64_t, 4> blocks;  // of layer1 .. layer4
};
constexpr std::array<ResNetDepth, 7> kResNetDepths = {{{10, false, {1, 1, 1, 1}},
                                                       {18, false, {2, 2, 2, 2}},
                                                       {34, false, {3, 4, 6, 3}},
                                                       {50, true, {3, 4, 6, 3}},
                                                       {101, true, {3, 4, 23, 3}},
                                                       {152, true, {3, 8, 36, 3}},
                                                       {200, true, {3, 24, 36, 3}}}};

}  // namespace reel3d
