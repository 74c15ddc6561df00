// SPDX-License-Identifier: Apache-2.0
#include "lib/video/heat.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "lib/base/error.h"

namespace reel3d {
namespace {

constexpr std::array<RgbColor, 17> kInferno = {{{0, 0, 4},
                                                {11, 7, 36},
                                                {33, 12, 74},
                                                {60, 9, 101},
                                                {87, 16, 109},
                                                {112, 25, 110},
                                                {137, 34, 106},
                                                {163, 43, 97},
                                                {187, 55, 85},
                                                {209, 70, 68},
                                                {227, 89, 50},
                                                {241, 113, 30},
                                                {249, 141, 10},
                                                {252, 171, 15},
                                                {249, 202, 50},
                                                {242, 232, 101},
                                                {252, 255, 164}}};

constexpr float kMaxCover = 0.7F;  // share of a picture's pixel that the highest heat covers

uint8_t Mix(float from, float to, float share) {
  return static_cast<uint8_t>(std::clamp(from + share * (to - from) + 0.5F, 0.F, 255.F));
}

// Calls paint(pixel, x, y) for each byte of a plane, with the place in pixels of luma.
template <class Paint>
void ForEachByte(YuvImage* image, int plane, int top, const Paint& paint) {
  const int step = plane == 0 ? 1 : 2;
  for (int y = top / step; y < image->height(plane); ++y) {
    uint8_t* row = image->row(plane, y);
    for (int x = 0; x < image->width(plane); ++x) {
      paint(row + x, x * step, y * step);
    }
  }
}

}  // namespace

RgbColor HeatColor(float value) {
  const float place = std::clamp(value, 0.F, 1.F) * (kInferno.size() - 1);
  const auto below = std::min(static_cast<size_t>(place), kInferno.size() - 2);
  const float share = place - static_cast<float>(below);
  const RgbColor& from = kInferno[below];
  const RgbColor& to = kInferno[below + 1];
  return {Mix(from.red, to.red, share), Mix(from.green, to.green, share),
          Mix(from.blue, to.blue, share)};
}

void DrawHeat(const HeatBox& heat, YuvImage* image) {
  REEL3D_CHECK(heat.values.size() == size_t(heat.width) * static_cast<size_t>(heat.height));
  constexpr float kNoColour = 128;
  for (int plane = 0; plane < YuvImage::kPlanes; ++plane) {
    ForEachByte(image, plane, 0, [&](uint8_t* byte, int x, int y) {
      const int column = x - heat.x;
      const int row = y - heat.y;
      if (column < 0 || row < 0 || column >= heat.width || row >= heat.height) {
        *byte = Mix(*byte, plane == 0 ? 0 : kNoColour, 0.5F);
        return;
      }
      const float value =
          heat.values[size_t(row) * static_cast<size_t>(heat.width) + static_cast<size_t>(column)];
      *byte = Mix(*byte, ToYuv(HeatColor(value))[static_cast<size_t>(plane)], kMaxCover * value);
    });
  }
}

int TimeBarRows(int height) { return std::max(8, height / 24 * 2); }

TimeBar::TimeBar(const std::vector<float>& over_time, int width)
    : num_frames_(static_cast<int64_t>(over_time.size())) {
  REEL3D_CHECK(!over_time.empty());
  // Returns the first frame of a column. A column of a long video has several frames, and shows the
  // highest.
  const auto frame_of = [&](int64_t column) { return column * num_frames_ / width; };
  for (int64_t column = 0; column < width; ++column) {
    const int64_t first = frame_of(column);
    const int64_t end = std::max(first + 1, frame_of(column + 1));
    columns_.push_back(*std::max_element(over_time.begin() + first, over_time.begin() + end));
  }
}

void TimeBar::Draw(int64_t now, int top, YuvImage* image) const {
  const auto width = static_cast<int64_t>(columns_.size());
  REEL3D_CHECK(image->width() == width);
  const auto rows = static_cast<float>(image->height() - top);
  constexpr RgbColor kBlack = {0, 0, 0}, kWhite = {255, 255, 255};
  for (int plane = 0; plane < YuvImage::kPlanes; ++plane) {
    ForEachByte(image, plane, top, [&](uint8_t* byte, int x, int y) {
      const float value = columns_[static_cast<size_t>(x)];
      const bool is_bar = static_cast<float>(image->height() - y) <= std::ceil(value * rows);
      const bool is_now = x / 2 == (2 * now + 1) * width / (2 * num_frames_) / 2;
      const RgbColor color = is_now ? kWhite : is_bar ? HeatColor(0.3F + 0.7F * value) : kBlack;
      *byte = ToYuv(color)[static_cast<size_t>(plane)];
    });
  }
}

}  // namespace reel3d
