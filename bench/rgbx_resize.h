// Resizes RGBX pixels to planes by two-tap bilinear interpolation in AVX2, as a careful author
// would do behind libjpeg-turbo. It reads only two pixels an axis, so it aliases when it shrinks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace reel3d::bench {

struct RgbxImage {
  const uint8_t* pixels = nullptr;  // rows without gaps; kRgbxSlack more bytes are readable
  int width = 0, height = 0;
};
constexpr size_t kRgbxSlack = 256;

struct SquareCrop {
  double x = 0, y = 0, side = 0;  // pixels
};

constexpr int kMaxRgbxOutput = 256;

// Writes output x output red pixels at `out`, green at out_stride behind red, blue at out_stride
// behind green. `output` is a multiple of 8.
void ResizeRgbx(const RgbxImage& image, const SquareCrop& crop, int output, bool flip, uint8_t* out,
                int64_t out_stride);

}  // namespace reel3d::bench
