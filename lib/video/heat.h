// Draws heat over pictures: colours that show how much each part of a picture counts for an answer,
// and a bar that shows which moments count.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "lib/video/yuv_color.h"
#include "lib/video/yuv_image.h"

namespace reel3d {

// Returns the colour for a value of 0 .. 1, from black through purple and orange to light yellow
// ("inferno" of matplotlib, CC0). Equal steps look equal. The brightness rises all the way, so the
// order stays visible to colour-blind readers and in grey.
RgbColor HeatColor(float value);

// HeatBox holds the heat of one frame over a rectangle of it, in pixels.
struct HeatBox {
  int x = 0, y = 0, width = 0, height = 0;
  std::vector<float> values;  // 0 .. 1, row by row, width * height of them
};

// Blends the colours of `heat` over a full-range picture. The more heat, the more a colour covers;
// without heat the picture stays as it is. Outside of the rectangle the picture becomes half as
// bright: the network did not see that part. Parts of the rectangle outside of the picture are cut
// off.
void DrawHeat(const HeatBox& heat, YuvImage* image);

// Returns how many rows a time bar should have under a picture of this height; even.
int TimeBarRows(int height);

// TimeBar is a bar chart of a video's heat over time. Drawing it takes the same time for a video of
// any length.
class TimeBar {
 public:
  // `over_time` has the heat of each frame of the video, at least one, 0 .. 1. `width` is that of
  // the pictures in pixels.
  TimeBar(const std::vector<float>& over_time, int width);

  // Fills the rows of the picture from `top`, an even number. A white line marks the frame `now`.
  void Draw(int64_t now, int top, YuvImage* image) const;

 private:
  int64_t num_frames_;
  std::vector<float> columns_;  // heat of each column of pixels
};

}  // namespace reel3d
