// SPDX-License-Identifier: Apache-2.0
#include "lib/video/jpeg_encoder.h"

#include <gtest/gtest.h>

#include <cstdio>

#include <jpeglib.h>

#include <array>
#include <cmath>

namespace reel3d {
namespace {

// Returns a picture without repetition that is smooth enough to survive encoding.
YuvImage Hills(int width, int height) {
  YuvImage image(width, height);
  for (int plane = 0; plane < YuvImage::kPlanes; ++plane) {
    for (int y = 0; y < image.height(plane); ++y) {
      for (int x = 0; x < image.width(plane); ++x) {
        image.row(plane, y)[x] =
            static_cast<uint8_t>(128 + 90 * std::sin(0.05 * x + plane) * std::cos(0.07 * y));
      }
    }
  }
  image.PadRight();
  return image;
}

struct Planes {
  int width = 0, height = 0;
  unsigned restart_interval = 0;
  bool is_420 = false;
  std::vector<uint8_t> luma;  // the Y channel as it was decoded
};

// Decodes with stock libjpeg.
Planes DecodeLuma(const std::vector<uint8_t>& jpeg) {
  jpeg_decompress_struct info{};
  jpeg_error_mgr error{};
  info.err = jpeg_std_error(&error);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, jpeg.data(), jpeg.size());
  jpeg_read_header(&info, TRUE);
  Planes planes;
  planes.restart_interval = info.restart_interval;
  planes.is_420 = info.num_components == 3 && info.comp_info[0].h_samp_factor == 2 &&
                  info.comp_info[0].v_samp_factor == 2 && info.comp_info[1].h_samp_factor == 1 &&
                  info.progressive_mode == FALSE;
  info.out_color_space = JCS_GRAYSCALE;
  jpeg_start_decompress(&info);
  planes.width = static_cast<int>(info.output_width);
  planes.height = static_cast<int>(info.output_height);
  planes.luma.resize(size_t(planes.width) * planes.height);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = planes.luma.data() + size_t(info.output_scanline) * planes.width;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  EXPECT_EQ(info.err->num_warnings, 0);
  jpeg_destroy_decompress(&info);
  return planes;
}

TEST(RestartIntervalTest, IsTheDivisorOfTheColumnsNearestFour) {
  const std::vector<std::array<int, 2>> cases{{640, 4},  // 40 columns of MCUs
                                              {480, 3},  // 30 columns: 3 and 5 are equally near 4
                                              {450, 1},  // 29 columns, a prime number
                                              {36, 3},  {16, 1}, {2, 1}, {64, 4}, {432, 3}};
  for (const auto& [width, interval] : cases) {
    EXPECT_EQ(RestartInterval(width), interval) << width;
  }
}

TEST(JpegEncoderTest, IsAStandardJpegOfTheSamePicture) {
  for (const auto& [width, height] : std::vector<std::array<int, 2>>{
           {640, 360}, {202, 360}, {2, 2}, {18, 34}, {16, 16}, {450, 358}}) {
    const YuvImage image = Hills(width, height);
    JpegEncoder encoder(95);
    const Planes planes = DecodeLuma(encoder.Encode(image));
    ASSERT_EQ(planes.width, width);
    ASSERT_EQ(planes.height, height);
    EXPECT_TRUE(planes.is_420);
    EXPECT_EQ(planes.restart_interval, static_cast<unsigned>(RestartInterval(width)));
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        ASSERT_NEAR(planes.luma[size_t(y) * width + x], image.row(0, y)[x], 3) << x << " " << y;
      }
    }
  }
}

TEST(JpegEncoderTest, GivesTheSameBytesWhateverCameBefore) {
  const YuvImage image = Hills(96, 64);
  JpegEncoder fresh(90);
  const std::vector<uint8_t> expected = fresh.Encode(image);
  JpegEncoder used(90);
  used.Encode(Hills(320, 200));
  EXPECT_EQ(used.Encode(image), expected);
  EXPECT_GT(JpegEncoder(98).Encode(image).size(), expected.size());
}

}  // namespace
}  // namespace reel3d
