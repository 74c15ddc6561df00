// Converts single colours to the full-range BT.601 of YuvImage, for drawing on pictures.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace reel3d {

struct RgbColor {
  uint8_t red = 0, green = 0, blue = 0;
};

// Returns Y, Cb and Cr, one for each plane of a YuvImage.
inline std::array<uint8_t, 3> ToYuv(const RgbColor& color) {
  const double luma = 0.299 * color.red + 0.587 * color.green + 0.114 * color.blue;
  const auto to_byte = [](double value) {
    return static_cast<uint8_t>(std::clamp(value + 0.5, 0.0, 255.0));
  };
  return {to_byte(luma), to_byte(128 + (color.blue - luma) / 1.772),
          to_byte(128 + (color.red - luma) / 1.402)};
}

}  // namespace reel3d
