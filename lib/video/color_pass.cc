// SPDX-License-Identifier: Apache-2.0
#include "lib/video/color_pass.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace reel3d {
namespace {

constexpr ColorCoding kJpegCoding{true, 0.299, 0.114};

int16_t Fixed(double value, int denominator) {
  return static_cast<int16_t>(std::lround(value * denominator));
}

uint8_t ClampToByte(int16_t value) {
  return static_cast<uint8_t>(std::min<int16_t>(std::max<int16_t>(value, 0), 255));
}

}  // namespace

// ITU-R BT.601 and BT.709 define R = Y + 2(1-kr)Cr, B = Y + 2(1-kb)Cb, and Y = kr R + kg G + kb B,
// from which G follows.
ColorPass::ColorPass(const ColorCoding& source) {
  const double green_weight = 1 - source.red_weight - source.blue_weight;
  const double red_of_cr = 2 * (1 - source.red_weight);
  const double blue_of_cb = 2 * (1 - source.blue_weight);
  const double jpeg_green = 1 - kJpegCoding.red_weight - kJpegCoding.blue_weight;
  const double luma_of_cb =
      blue_of_cb * (kJpegCoding.blue_weight - jpeg_green * source.blue_weight / green_weight);
  const double luma_of_cr =
      red_of_cr * (kJpegCoding.red_weight - jpeg_green * source.red_weight / green_weight);
  const double luma_gain = source.full_range ? 1 : 255. / 219;
  const double chroma_gain = source.full_range ? 1 : 255. / 224;
  const double cb_scale = chroma_gain / (2 * (1 - kJpegCoding.blue_weight));
  const double cr_scale = chroma_gain / (2 * (1 - kJpegCoding.red_weight));
  luma_offset_ = source.full_range ? 0 : 16;
  luma_luma_ = Fixed(luma_gain - 1, 256);
  luma_cb_ = Fixed(luma_of_cb * chroma_gain, 256);
  luma_cr_ = Fixed(luma_of_cr * chroma_gain, 256);
  cb_cb_ = Fixed((blue_of_cb - luma_of_cb) * cb_scale - 1, 512);
  cb_cr_ = Fixed(-luma_of_cr * cb_scale, 512);
  cr_cr_ = Fixed((red_of_cr - luma_of_cr) * cr_scale - 1, 512);
  cr_cb_ = Fixed(-luma_of_cb * cr_scale, 512);
}

void ColorPass::LumaFromChroma(const YuvImage& image, int y, int16_t start, int16_t* change) const {
  const uint8_t* cb_row = image.row(1, y);
  const uint8_t* cr_row = image.row(2, y);
  const int width = image.width(1);
  const int16_t from_cb = luma_cb_;
  const int16_t from_cr = luma_cr_;
  for (int x = 0; x < width; ++x, change += 2) {
    const auto cb = static_cast<int16_t>(cb_row[x] - 128);
    const auto cr = static_cast<int16_t>(cr_row[x] - 128);
    const auto sum = static_cast<int16_t>(cb * from_cb + cr * from_cr + start);
    change[0] = sum;
    change[1] = sum;
  }
}

// The loops read local copies only: for the compiler, a byte written through a pointer might change
// any other object.
void ColorPass::ApplyLuma(YuvImage* image, int y, const int16_t* from_chroma) const {
  uint8_t* luma = image->row(0, y);
  const int width = image->width();
  const int16_t offset = luma_offset_;
  const int16_t gain = luma_luma_;
  for (int x = 0; x < width; ++x) {
    const auto value = static_cast<int16_t>(luma[x] - offset);
    const auto change = static_cast<int16_t>(value * gain + from_chroma[x]);
    luma[x] = ClampToByte(static_cast<int16_t>(value + (change >> 8)));
  }
}

void ColorPass::ApplyChroma(YuvImage* image, int y) const {
  uint8_t* cb_row = image->row(1, y);
  uint8_t* cr_row = image->row(2, y);
  const int width = image->width(1);
  const int16_t cb_cb = cb_cb_;
  const int16_t cb_cr = cb_cr_;
  const int16_t cr_cb = cr_cb_;
  const int16_t cr_cr = cr_cr_;
  for (int x = 0; x < width; ++x) {
    const auto cb = static_cast<int16_t>(cb_row[x] - 128);
    const auto cr = static_cast<int16_t>(cr_row[x] - 128);
    const auto cb_change = static_cast<int16_t>(cb * cb_cb + cr * cb_cr + 256);
    const auto cr_change = static_cast<int16_t>(cb * cr_cb + cr * cr_cr + 256);
    cb_row[x] = ClampToByte(static_cast<int16_t>(cb + (cb_change >> 9) + 128));
    cr_row[x] = ClampToByte(static_cast<int16_t>(cr + (cr_change >> 9) + 128));
  }
}

void ColorPass::Apply(YuvImage* image) const {
  const bool mixes = luma_cb_ != 0 || luma_cr_ != 0;
  if (!mixes && luma_luma_ == 0) {
    return;
  }
  constexpr int16_t kHalf = 128;  // rounds the division by 256
  std::vector<int16_t> from_chroma(image->width(), kHalf);
  for (int y = 0; y < image->height(1); ++y) {
    if (mixes) {
      LumaFromChroma(*image, y, kHalf, from_chroma.data());
    }
    ApplyLuma(image, 2 * y, from_chroma.data());
    ApplyLuma(image, 2 * y + 1, from_chroma.data());
    ApplyChroma(image, y);
  }
}

}  // namespace reel3d
