// SPDX-License-Identifier: Apache-2.0
#include "lib/video/color_pass.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace reel3d {
namespace {

struct Coding {
  const char* name;
  ColorCoding coding;
};

void PrintTo(const Coding& coding, std::ostream* out) { *out << coding.name; }

// Returns the expected JPEG colour. It is computed through R'G'B', as the standards define it:
// Y = kr R + kg G + kb B, Cb = (B - Y) / 2(1 - kb), Cr = (R - Y) / 2(1 - kr).
std::array<double, 3> Reference(const ColorCoding& from, double y, double cb, double cr) {
  const double luma = from.full_range ? y : (y - 16) * 255 / 219;
  const double blue_difference = (cb - 128) * (from.full_range ? 1 : 255. / 224);
  const double red_difference = (cr - 128) * (from.full_range ? 1 : 255. / 224);
  const double kr = from.red_weight;
  const double kb = from.blue_weight;
  const double red = luma + 2 * (1 - kr) * red_difference;
  const double blue = luma + 2 * (1 - kb) * blue_difference;
  const double green = (luma - kr * red - kb * blue) / (1 - kr - kb);
  const double jpeg_luma = 0.299 * red + 0.587 * green + 0.114 * blue;
  std::array<double, 3> values{jpeg_luma, 128 + (blue - jpeg_luma) / 1.772,
                               128 + (red - jpeg_luma) / 1.402};
  for (double& value : values) {
    value = std::clamp(value, 0., 255.);
  }
  return values;
}

class ColorPassTest : public testing::TestWithParam<Coding> {};

TEST_P(ColorPassTest, IsWithinTwoLevelsOfTheStandardsEverywhere) {
  const ColorCoding& coding = GetParam().coding;
  const ColorPass pass(coding);
  for (int cb = 0; cb < 256; cb += 5) {
    for (int cr = 0; cr < 256; cr += 5) {
      // A row with all values of luma and the same chroma.
      YuvImage image(256, 2);
      for (int x = 0; x < 256; ++x) {
        image.row(0, 0)[x] = image.row(0, 1)[x] = static_cast<uint8_t>(x);
        image.row(1, 0)[x / 2] = static_cast<uint8_t>(cb);
        image.row(2, 0)[x / 2] = static_cast<uint8_t>(cr);
      }
      pass.Apply(&image);
      for (int y = 0; y < 256; ++y) {
        const auto expected = Reference(coding, y, cb, cr);
        ASSERT_NEAR(image.row(0, y % 2)[y], expected[0], 2) << y << " " << cb << " " << cr;
        // Chroma must not depend on luma: values are not clamped in R'G'B'.
        ASSERT_NEAR(image.row(1, 0)[y / 2], expected[1], 2) << y << " " << cb << " " << cr;
        ASSERT_NEAR(image.row(2, 0)[y / 2], expected[2], 2) << y << " " << cb << " " << cr;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Codings, ColorPassTest,
                         testing::Values(Coding{"limited_601", {false, 0.299, 0.114}},
                                         Coding{"full_601", {true, 0.299, 0.114}},
                                         Coding{"limited_709", {false, 0.2126, 0.0722}},
                                         Coding{"full_709", {true, 0.2126, 0.0722}},
                                         Coding{"limited_2020", {false, 0.2627, 0.0593}},
                                         Coding{"limited_240m", {false, 0.212, 0.087}}),
                         [](const auto& info) { return info.param.name; });

TEST(ColorPassTest, LeavesJpegColoursAlone) {
  YuvImage image(2, 2);
  image.row(0, 0)[0] = 3;
  image.row(0, 1)[1] = 250;
  image.row(1, 0)[0] = 77;
  image.row(2, 0)[0] = 200;
  ColorPass({true, 0.299, 0.114}).Apply(&image);
  EXPECT_EQ(image.row(0, 0)[0], 3);
  EXPECT_EQ(image.row(0, 1)[1], 250);
  EXPECT_EQ(image.row(1, 0)[0], 77);
  EXPECT_EQ(image.row(2, 0)[0], 200);
}

}  // namespace
}  // namespace reel3d
