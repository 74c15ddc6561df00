// SPDX-License-Identifier: Apache-2.0
#include "lib/train/log/clip_sheet.h"

#include <gtest/gtest.h>
#include <png.h>
#include <torch/types.h>

namespace reel3d {
namespace {

// Returns uint8 (height, width, 3), decoded by libpng's own reader.
at::Tensor Decode(const std::string& png) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_memory(&image, png.data(), png.size()), 0) << image.message;
  image.format = PNG_FORMAT_RGB;
  at::Tensor pixels = torch::empty({image.height, image.width, 3}, at::kByte);
  EXPECT_NE(png_image_finish_read(&image, nullptr, pixels.data_ptr(), 0, nullptr), 0);
  return pixels;
}

TEST(ClipSheet, ShowsFramesInRows) {
  const at::Tensor clips = torch::randint(0, 255, {3, 3, 5, 4, 6}, at::kByte);
  const Picture sheet = ClipSheet(clips);
  EXPECT_EQ(sheet.width, 5 * (6 + 2));
  EXPECT_EQ(sheet.height, 3 * (4 + 2));
  const at::Tensor pixels = Decode(sheet.png);
  for (int64_t clip = 0; clip < 3; ++clip) {
    for (int64_t frame = 0; frame < 5; ++frame) {
      const at::Tensor shown =
          pixels.slice(0, clip * 6, clip * 6 + 6).slice(1, frame * 8, frame * 8 + 8);
      EXPECT_TRUE(at::equal(shown.slice(0, 0, 4).slice(1, 0, 6),
                            clips[clip].select(1, frame).permute({1, 2, 0})))
          << clip << " " << frame;
      EXPECT_TRUE((shown.slice(0, 4) == 255).all().item<bool>());
      EXPECT_TRUE((shown.slice(1, 6) == 255).all().item<bool>());
    }
  }
}

TEST(ClipSheet, TakesEightOfEach) {
  const at::Tensor clips = torch::randint(0, 255, {9, 3, 16, 4, 6}, at::kByte);
  const Picture sheet = ClipSheet(clips);
  EXPECT_EQ(sheet.width, 8 * 8);
  EXPECT_EQ(sheet.height, 8 * 6);
  EXPECT_TRUE(at::equal(Decode(sheet.png).slice(0, 0, 4).slice(1, 56, 62),
                        clips[0].select(1, 14).permute({1, 2, 0})));
}

}  // namespace
}  // namespace reel3d
