// Lists the channels of I3D's nine Inception modules at full width. This file does not use torch,
// because programs without torch also need it to recognise weights.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace reel3d {

// The convolutions of a module: b0 is 1x1x1; b1a, b1b are 1x1x1 then 3x3x3; b2a, b2b are the same;
// b3b is pooling then 1x1x1.
constexpr std::array<const char*, 6> kI3dBranches = {"b0", "b1a", "b1b", "b2a", "b2b", "b3b"};

struct I3dModule {
  const char* name;
  std::array<int64_t, 6> channels;
  int64_t pool_before;  // kernel of the pooling before the module, of stride 2; 0: none
};
constexpr std::array<I3dModule, 9> kI3dModules = {{{"Mixed_3b", {64, 96, 128, 16, 32, 32}, 0},
                                                   {"Mixed_3c", {128, 128, 192, 32, 96, 64}, 0},
                                                   {"Mixed_4b", {192, 96, 208, 16, 48, 64}, 3},
                                                   {"Mixed_4c", {160, 112, 224, 24, 64, 64}, 0},
                                                   {"Mixed_4d", {128, 128, 256, 24, 64, 64}, 0},
                                                   {"Mixed_4e", {112, 144, 288, 32, 64, 64}, 0},
                                                   {"Mixed_4f", {256, 160, 320, 32, 128, 128}, 0},
                                                   {"Mixed_5b", {256, 160, 320, 32, 128, 128}, 2},
                                                   {"Mixed_5c", {384, 192, 384, 48, 128, 128}, 0}}};

}  // namespace reel3d
