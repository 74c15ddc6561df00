// Captions must be readable, and must not change other parts of a picture.
// SPDX-License-Identifier: Apache-2.0
#include "lib/video/caption.h"

#include <gtest/gtest.h>

#include <cstring>

namespace reel3d {
namespace {

YuvImage Grey(int width, int height) {
  YuvImage image(width, height);
  for (int plane = 0; plane < YuvImage::kPlanes; ++plane) {
    for (int y = 0; y < image.height(plane); ++y) {
      std::memset(image.row(plane, y), 90, static_cast<size_t>(image.width(plane)));
    }
  }
  return image;
}

// Returns a part of a row of luma as text, with one character for white, black and grey each.
std::string Row(const YuvImage& image, int y, int begin, int end) {
  std::string text;
  for (int x = begin; x < end; ++x) {
    const uint8_t luma = image.row(0, y)[x];
    text += luma == 255 ? '#' : luma == 0 ? '.' : '?';
  }
  return text;
}

TEST(Caption, WritesLetters) {
  YuvImage image = Grey(64, 96);
  DrawCaption("L|", &image);
  EXPECT_EQ(Row(image, 6, 8, 16), ".##.....");
  EXPECT_EQ(Row(image, 12, 8, 16), ".#######");
  EXPECT_EQ(Row(image, 6, 16, 24), "...#....");
  EXPECT_EQ(Row(image, 6, 24, 64), std::string(40, '.'));
  EXPECT_EQ(Row(image, 0, 0, 64), std::string(64, '.'));
  EXPECT_EQ(Row(image, 15, 0, 8), "........");
  EXPECT_EQ(Row(image, 16, 0, 8), "????????");
  EXPECT_EQ(image.row(1, 7)[3], 128);
  EXPECT_EQ(image.row(2, 8)[3], 90);
}

TEST(Caption, GrowsWithThePicture) {
  YuvImage image = Grey(640, 360);
  DrawCaption("L", &image);
  EXPECT_EQ(Row(image, 24, 16, 32), "..##############");
  EXPECT_EQ(Row(image, 31, 0, 4), "....");
  EXPECT_EQ(Row(image, 32, 0, 4), "????");
  // A caption that would not fit at double size stays small.
  image = Grey(640, 360);
  DrawCaption(std::string(60, 'L'), &image);
  EXPECT_EQ(Row(image, 12, 8, 16), ".#######");
  EXPECT_EQ(Row(image, 16, 0, 4), "????");
}

TEST(Caption, TakesAnyTextAndPicture) {
  YuvImage image = Grey(16, 8);
  DrawCaption(std::string(1000, 'x') + "\t\n", &image);
  YuvImage one = Grey(64, 32), other = Grey(64, 32);
  DrawCaption("caf\xC3\xA9 \xE8\xB7\xB3", &one);
  DrawCaption("caf? ?", &other);
  for (int y = 0; y < 32; ++y) {
    EXPECT_EQ(std::memcmp(one.row(0, y), other.row(0, y), 64), 0) << y;
  }
}

}  // namespace
}  // namespace reel3d
