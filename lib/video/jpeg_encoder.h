// Encodes pictures as standard baseline 4:2:0 JPEG with restart markers, which let a reader decode
// only the part of a picture that a crop needs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "lib/video/yuv_image.h"

namespace reel3d {

// Returns the number of MCUs (16x16 pixels) between restart markers. It is the divisor of the row's
// MCU count nearest to 4, so that each row starts a segment.
int RestartInterval(int image_width);

// One thread at a time. The same picture and quality give the same bytes on every machine.
class JpegEncoder {
 public:
  explicit JpegEncoder(int quality);  // 1 .. 100
  ~JpegEncoder();

  // `image` is full-range BT.601, padded by PadRight(). The bytes stay valid until the next call.
  const std::vector<uint8_t>& Encode(const YuvImage& image);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reel3d
