// Converts a picture's colours to the YCbCr of JPEG: full-range BT.601.
//
// Video is mostly limited range (luma 16-235) and, from 720 lines up, BT.709. ColorPass converts
// range and matrix after scaling, in one vectorisable pass of 16-bit integers. (swscale would
// convert the range in scalar code, at the size of the source.) Results are within 1.1 levels of
// exact arithmetic.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lib/video/yuv_image.h"

namespace reel3d {

// ColorCoding describes how a YCbCr picture was computed from R'G'B': its range, and the weights of
// red and blue in luma (ITU-R BT.601: 0.299, 0.114; BT.709: 0.2126, 0.0722; BT.2020: 0.2627,
// 0.0593).
struct ColorCoding {
  bool full_range = false;
  double red_weight = 0.299, blue_weight = 0.114;
};

class ColorPass {
 public:
  explicit ColorPass(const ColorCoding& source);

  // Converts in place. Values that the target cannot hold are clamped.
  void Apply(YuvImage* image) const;

 private:
  // Fills `change` with the amount that row `y` of chroma adds to each pixel of its two rows of
  // luma, plus `start`. The unit is 1/256.
  void LumaFromChroma(const YuvImage& image, int y, int16_t start, int16_t* change) const;
  void ApplyLuma(YuvImage* image, int y, const int16_t* from_chroma) const;
  void ApplyChroma(YuvImage* image, int y) const;

  // These are the factors minus those of the identity, in units of 1/256 for luma and 1/512 for
  // chroma, so that every sum of products stays within 16 bits.
  int16_t luma_offset_ = 0, luma_luma_ = 0, luma_cb_ = 0, luma_cr_ = 0;
  int16_t cb_cb_ = 0, cb_cr_ = 0, cr_cb_ = 0, cr_cr_ = 0;
};

}  // namespace reel3d
