// SPDX-License-Identifier: Apache-2.0
#include "lib/loader/pixel_values.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/rng.h"

namespace reel3d {
namespace {

// The definition, value by value: clips (N, R G B, T, pixels) become (N, T, pixels, 3).
std::vector<float> Expected(const std::vector<uint8_t>& pixels, int64_t num_clips, int64_t frames,
                            int64_t frame_pixels, const ClipInputOptions& options) {
  const auto factor = static_cast<double>(255) / options.pixel_range;
  std::vector<float> values;
  for (int64_t frame = 0; frame < num_clips * frames; ++frame) {
    for (int64_t pixel = 0; pixel < frame_pixels; ++pixel) {
      const auto byte = [&](int64_t channel) -> int {
        const int64_t plane = (frame / frames * 3 + channel) * frames + frame % frames;
        return pixels[static_cast<size_t>(plane * frame_pixels + pixel)];
      };
      for (size_t channel = 0; channel < 3; ++channel) {
        const auto place = static_cast<int64_t>(channel);
        const int value = options.channels == ChannelOrder::kGrey
                              ? (77 * byte(0) + 150 * byte(1) + 29 * byte(2) + 128) / 256
                              : byte(options.channels == ChannelOrder::kBgr ? 2 - place : place);
        const volatile float difference =
            static_cast<float>(value) - static_cast<float>(options.mean[channel] * factor);
        values.push_back(difference / static_cast<float>(options.std[channel] * factor));
      }
    }
  }
  return values;
}

// Every byte occurs in every channel if there are enough pixels.
std::vector<uint8_t> RandomPixels(int64_t count) {
  Rng rng(7);
  std::vector<uint8_t> pixels(static_cast<size_t>(count));
  for (uint8_t& pixel : pixels) {
    pixel = static_cast<uint8_t>(rng.Next());
  }
  return pixels;
}

// Compares one clip after the other with the definition, with each set of vector instructions that
// this processor has.
void ExpectAsDefined(const ClipInputOptions& options, int64_t num_clips, int64_t frames,
                     int64_t frame_pixels) {
  const std::vector<uint8_t> pixels = RandomPixels(num_clips * 3 * frames * frame_pixels);
  const std::vector<float> expected = Expected(pixels, num_clips, frames, frame_pixels, options);
  const PixelValues values(options);
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    SCOPED_TRACE(hwy::TargetName(target));
    std::vector<float> found(expected.size() + 1, -1e9F);
    for (int64_t frame = 0; frame < num_clips * frames; ++frame) {
      values.ConvertFrame(pixels.data(), frame, frames, frame_pixels, found.data());
    }
    EXPECT_EQ(found.back(), -1e9F) << "written behind the end";
    found.pop_back();
    EXPECT_EQ(found, expected) << frame_pixels << " pixels";  // floats are equal to the last bit
  }
  hwy::SetSupportedTargetsForTest(0);
}

ClipInputOptions WithChannels(ChannelOrder channels) {
  ClipInputOptions options;
  options.channels = channels;
  return options;
}

class PixelValuesTest : public testing::TestWithParam<ChannelOrder> {};

TEST_P(PixelValuesTest, AreAsDefinedForAnyNumberOfPixels) {
  ClipInputOptions options = WithChannels(GetParam());
  options.std = {38.7568578, 37.88248729, 40.02898126};
  for (const int64_t frame_pixels :
       {1, 2, 15, 16, 17, 31, 63, 64, 65, 100, 1023, 1025, 112 * 112}) {
    ExpectAsDefined(options, 1, 2, frame_pixels);
  }
}

TEST_P(PixelValuesTest, AreAsDefinedInEachFrameOfEachClip) {
  ExpectAsDefined(WithChannels(GetParam()), 3, 4, 50);
}

TEST_P(PixelValuesTest, AreAsDefinedForARangeOfOneAndOneDeviationThatIsNotOne) {
  ClipInputOptions options = WithChannels(GetParam());
  options.pixel_range = 1;
  options.mean = {0.43, 0.4, 0.37};
  options.std = {0.28, 0.27, 0.273};
  ExpectAsDefined(options, 1, 1, 999);
  options = WithChannels(GetParam());
  options.std = {1, 1, 58};
  ExpectAsDefined(options, 1, 1, 999);
}

INSTANTIATE_TEST_SUITE_P(Channels, PixelValuesTest,
                         testing::Values(ChannelOrder::kRgb, ChannelOrder::kBgr,
                                         ChannelOrder::kGrey),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace reel3d
