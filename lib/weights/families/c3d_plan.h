// Lists the channels of C3D at full width. This file does not use torch, because programs without
// torch also need it to recognise weights.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace reel3d {

struct C3dLayer {
  const char* name;  // follows "conv" and "bn" in names of layers
  int64_t channels;
  int64_t pool_frames;  // of the pooling behind the layer; 0: none
};
constexpr std::array<C3dLayer, 8> kC3dLayers = {{{"1", 64, 1},
                                                 {"2", 128, 2},
                                                 {"3a", 256, 0},
                                                 {"3b", 256, 2},
                                                 {"4a", 512, 0},
                                                 {"4b", 512, 2},
                                                 {"5a", 512, 0},
                                                 {"5b", 512, 2}}};
constexpr int64_t kC3dHidden = 4096;  // of fc6 and fc7

}  // namespace reel3d
