// JPEGs for tests: synthetic pictures that are encoded like the frames of prepared videos, and a
// plain decoder to compare with.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "lib/data/crop_plan.h"

namespace reel3d::test {

struct JpegStyle {
  int quality = 90;
  int restart_interval = 4;  // in MCUs, the 16 x 16 blocks of a JPEG
  bool progressive = false;
  bool grey = false;
  int noise = 64;             // grey levels
  bool photographic = false;  // waves of many lengths and little noise, instead of steep slopes
};

// Returns a 4:2:0 JPEG of slopes (or waves) and noise that depend on `number`.
std::vector<uint8_t> MakeJpeg(FrameSize frame, int number, const JpegStyle& style = {});

// Returns all pixels of `jpeg`, 4 bytes each: R, G, B, unused. Sets `frame` to its size.
std::vector<uint8_t> DecodeWholeJpeg(const std::vector<uint8_t>& jpeg, FrameSize* frame);

}  // namespace reel3d::test
