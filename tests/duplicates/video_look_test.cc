// SPDX-License-Identifier: Apache-2.0
#include "lib/duplicates/video_look.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "lib/base/file.h"
#include "lib/video/jpeg_encoder.h"
#include "lib/video/yuv_image.h"
#include "tests/duplicates/noise_picture.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using Luma = LookMeter::Luma;

Luma Flat(float grey) {
  Luma picture;
  picture.fill(grey);
  return picture;
}

TEST(LookMeter, FewPicturesHaveNoMotion) {
  LookMeter meter;
  EXPECT_FALSE(meter.look().brightness);
  EXPECT_FALSE(meter.look().motion);
  meter.Add(Flat(200));
  EXPECT_EQ(meter.look().brightness, 200);
  EXPECT_FALSE(meter.look().motion);
}

TEST(LookMeter, ChangesUpAndDownAreMotion) {
  LookMeter meter;
  for (const float grey : {10.0F, 20.0F, 0.0F, 0.0F}) {
    meter.Add(Flat(grey));
  }
  EXPECT_EQ(meter.look().brightness, 7.5);
  EXPECT_EQ(meter.look().motion, 10);
  // The mean stays equal here, although half of the picture becomes black and the other half white.
  Luma halves = Flat(0);
  std::fill_n(halves.begin(), halves.size() / 2, 255.0F);
  Luma exchanged = Flat(255);
  std::fill_n(exchanged.begin(), exchanged.size() / 2, 0.0F);
  LookMeter other;
  other.Add(halves);
  other.Add(exchanged);
  EXPECT_EQ(other.look().motion, 255);
}

// Encodes a picture as prep-videos does, and decodes it as the tools do.
Luma Stored(const std::vector<float>& picture, int width, int height) {
  YuvImage image(width, height);
  for (int plane = 0; plane < YuvImage::kPlanes; ++plane) {
    for (int y = 0; y < image.height(plane); ++y) {
      for (int x = 0; x < image.width(plane); ++x) {
        const float pixel = plane == 0 ? picture[static_cast<size_t>(y) * width + x] : 128;
        image.row(plane, y)[x] = static_cast<uint8_t>(pixel);
      }
    }
  }
  image.PadRight();
  JpegEncoder encoder(90);
  const std::vector<uint8_t>& jpeg = encoder.Encode(image);
  SmallPictureDecoder decoder;
  return decoder.Decode({0, jpeg.data(), jpeg.size()});
}

// tests/golden/make_look_golden.py has the same pictures, without JPEG, and compares means of
// blocks. The decoder's filter reaches into neighbouring blocks, which makes motion a little less.
TEST(LookMeter, AgreesWithTheOtherImplementation) {
  const nlohmann::json golden =
      nlohmann::json::parse(ReadFile(test::SourceFolder() / "tests/golden/look.json"));
  ASSERT_EQ(golden.size(), 4U);
  for (const nlohmann::json& one : golden) {
    SCOPED_TRACE(one.dump());
    const int width = one["width"];
    const int height = one["height"];
    LookMeter stored, direct;
    for (const uint32_t seed : one["seeds"]) {
      const std::vector<float> picture = test::NoisePicture(seed, width, height);
      stored.Add(Stored(picture, width, height));
      if (width == 64) {
        Luma luma;
        std::copy(picture.begin(), picture.end(), luma.begin());
        direct.Add(luma);
      }
    }
    const double brightness = one["brightness"];
    EXPECT_NEAR(*stored.look().brightness, brightness, 0.3);
    ASSERT_EQ(stored.look().motion.has_value(), !one["motion"].is_null());
    if (stored.look().motion) {
      EXPECT_NEAR(*stored.look().motion, one["motion"].get<double>(),
                  0.05 * one["motion"].get<double>());
    }
    if (width == 64) {
      EXPECT_NEAR(*direct.look().brightness, brightness, 1e-6);
      EXPECT_NEAR(*direct.look().motion, one["motion"].get<double>(), 1e-6);
    }
  }
}

}  // namespace
}  // namespace reel3d
