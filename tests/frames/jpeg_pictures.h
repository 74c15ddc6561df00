// JPEGs for tests: synthetic pictures encoded as prepared videos are, and plain whole decoding to
// compare with.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "lib/data/crop_plan.h"

namespace reel3d::test {

struct JpegStyle {
  int quality = 90;
  int restart_interval = 4;  // MCUs
  bool progressive = false;
  bool grey = false;
  int noise = 64;             // levels
  bool photographic = false;  // waves of many lengths and little noise, instead of steep slopes
};

// Slopes (or waves) and noise that depend on `number`, 4:2:0.
std::vector<uint8_t> MakeJpeg(FrameSize frame, int number, const JpegStyle& style = {});

// All of its pixels, 4 bytes each: R, G, B, unused.
std::vector<uint8_t> DecodeWholeJpeg(const std::vector<uint8_t>& jpeg, FrameSize* frame);

}  // namespace reel3d::test
