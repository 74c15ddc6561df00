// Heat must fall on the pixels that it is about, and its colours must have an order for everyone.
// SPDX-License-Identifier: Apache-2.0
#include "lib/video/heat.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace reel3d {
namespace {

YuvImage Filled(int width, int height, uint8_t luma, uint8_t chroma) {
  YuvImage image(width, height);
  for (int plane = 0; plane < YuvImage::kPlanes; ++plane) {
    for (int y = 0; y < image.height(plane); ++y) {
      std::fill_n(image.row(plane, y), image.width(plane), plane == 0 ? luma : chroma);
    }
  }
  return image;
}

// CIE 1976 lightness, 0 .. 100, of an sRGB colour.
double Lightness(const RgbColor& color) {
  const auto linear = [](uint8_t byte) {
    const double value = byte / 255.0;
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  };
  const double y =
      0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue);
  return y > 0.008856 ? 116 * std::cbrt(y) - 16 : 903.3 * y;
}

TEST(HeatColor, GetsLighterInEqualSteps) {
  constexpr int kSteps = 10;
  const double range = Lightness(HeatColor(1)) - Lightness(HeatColor(0));
  EXPECT_GT(range, 95);
  for (int step = 1; step <= kSteps; ++step) {
    const double rise = Lightness(HeatColor(static_cast<float>(step) / kSteps)) -
                        Lightness(HeatColor(static_cast<float>(step - 1) / kSteps));
    EXPECT_NEAR(rise, range / kSteps, 0.4 * range / kSteps) << step;
  }
  EXPECT_EQ(HeatColor(-1).red, HeatColor(0).red);
  EXPECT_EQ(HeatColor(2).blue, HeatColor(1).blue);
}

TEST(Heat, CoversItsPixelsAndDimsTheRest) {
  YuvImage image = Filled(16, 8, 100, 90);
  HeatBox box = {4, 0, 8, 8, std::vector<float>(64, 0.F)};
  box.values[3 * 8 + 2] = 1;  // row 3, column 6
  DrawHeat(box, &image);
  EXPECT_EQ(image.row(0, 3)[6], std::lround(100 + 0.7 * (ToYuv(HeatColor(1))[0] - 100)));
  EXPECT_EQ(image.row(0, 3)[7], 100);
  EXPECT_EQ(image.row(0, 2)[6], 100);
  EXPECT_EQ(image.row(1, 0)[2], 90);
  EXPECT_EQ(image.row(0, 3)[3], 50);
  EXPECT_EQ(image.row(0, 3)[12], 50);
  EXPECT_EQ(image.row(1, 1)[7], 109);
}

TEST(Heat, ColoursChromaToo) {
  YuvImage image = Filled(4, 4, 100, 128);
  DrawHeat({0, 0, 4, 4, std::vector<float>(16, 1.F)}, &image);
  const auto color = ToYuv(HeatColor(1));
  EXPECT_NEAR(image.row(1, 1)[1], 128 + 0.7 * (color[1] - 128), 1);
  EXPECT_NEAR(image.row(2, 0)[0], 128 + 0.7 * (color[2] - 128), 1);
}

TEST(Heat, MayReachOverThePicture) {
  YuvImage image = Filled(4, 4, 100, 128);
  DrawHeat({-3, -3, 20, 20, std::vector<float>(400, 0.5F)}, &image);
  EXPECT_EQ(image.row(0, 0)[0], image.row(0, 3)[3]);
  EXPECT_NE(image.row(0, 0)[0], 100);
}

// Returns how many rows of the bar are lit at a column.
int BarAt(const YuvImage& image, int x, int top) {
  int rows = 0;
  for (int y = top; y < image.height(); ++y) {
    rows += image.row(0, y)[x] > 0 ? 1 : 0;
  }
  return rows;
}

TEST(TimeBar, IsAsHighAsTheHeat) {
  YuvImage image = Filled(40, 20, 100, 128);
  TimeBar({0, 0.5, 1, 0.25}, 40).Draw(3, 12, &image);
  EXPECT_EQ(image.row(0, 11)[0], 100);
  EXPECT_EQ(BarAt(image, 5, 12), 0);
  EXPECT_EQ(BarAt(image, 15, 12), 4);
  EXPECT_EQ(BarAt(image, 25, 12), 8);
  EXPECT_EQ(BarAt(image, 31, 12), 2);
  // A white line stands in the middle of the frame's part.
  EXPECT_EQ(image.row(0, 12)[34], 255);
  EXPECT_EQ(image.row(0, 19)[35], 255);
  EXPECT_EQ(image.row(0, 12)[33], 0);
}

// A column of a long video has several frames, and must not hide a short peak.
TEST(TimeBar, ShowsTheHighestFrameOfAColumn) {
  std::vector<float> over_time(1000, 0);
  over_time[503] = 1;
  YuvImage image = Filled(40, 20, 100, 128);
  TimeBar(over_time, 40).Draw(0, 12, &image);
  EXPECT_EQ(BarAt(image, 20, 12), 8);
  EXPECT_EQ(BarAt(image, 19, 12), 0);
  EXPECT_EQ(BarAt(image, 21, 12), 0);
}

TEST(TimeBar, TakesFewerFramesThanColumnsAndOneFrame) {
  YuvImage image = Filled(40, 20, 100, 128);
  TimeBar({1}, 40).Draw(0, 12, &image);
  EXPECT_EQ(BarAt(image, 0, 12), 8);
  EXPECT_EQ(BarAt(image, 39, 12), 8);
  EXPECT_EQ(TimeBarRows(360), 30);
  EXPECT_EQ(TimeBarRows(48), 8);
  EXPECT_EQ(TimeBarRows(250) % 2, 0);
}

}  // namespace
}  // namespace reel3d
