// Compares the fast decoder with the exact decoder (lib/frames/frame_decoder). Its pixels are near
// the exact ones and the same on every processor. It refuses damaged frames.
// SPDX-License-Identifier: Apache-2.0
#include "lib/frames/crop_decoder.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>

#include "lib/base/rng.h"
#include "lib/frames/frame_decoder.h"
#include "tests/frames/jpeg_pictures.h"

namespace reel3d::jpeg {
namespace {

constexpr int kSize = 112;

std::vector<uint8_t> DecodeFast(CropDecoder& decoder, const std::vector<uint8_t>& jpeg,
                                const CropPlan& plan) {
  std::vector<uint8_t> pixels(size_t{3} * plan.size * plan.size);
  EXPECT_TRUE(decoder.Decode(jpeg.data(), jpeg.size(), plan, pixels.data(),
                             int64_t{plan.size} * plan.size));
  return pixels;
}

std::vector<uint8_t> DecodeExactly(const std::vector<uint8_t>& jpeg, const CropPlan& plan) {
  std::vector<uint8_t> pixels(size_t{3} * plan.size * plan.size);
  FrameDecoder().DecodeClip({{0, jpeg.data(), jpeg.size()}}, 1, plan, pixels.data());
  return pixels;
}

double Psnr(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - b[i];
    sum += difference * difference;
  }
  return 10 * std::log10(255 * 255 * static_cast<double>(a.size()) / std::max(sum, 1e-9));
}

CropPlan SquareCrop(FrameSize frame, int x, int y, int side, bool flip, int size = kSize) {
  CropPlan plan;
  plan.frame = frame;
  plan.x = x;
  plan.y = y;
  plan.width = plan.height = side;
  plan.resized_width = plan.resized_height = plan.size = size;
  plan.flip = flip;
  return plan;
}

// Returns crops at the corners and the centre in the paper's scales, and the crop of validation.
std::vector<CropPlan> Plans(FrameSize frame, int size = kSize) {
  std::vector<CropPlan> plans = {CenterCrop(frame, size)};
  for (const double scale : CropOptions().scales) {
    const int side = static_cast<int>(std::min(frame.width, frame.height) * scale);
    const int right = frame.width - side;
    const int bottom = frame.height - side;
    plans.push_back(SquareCrop(frame, 0, 0, side, false, size));
    plans.push_back(SquareCrop(frame, right, 0, side, true, size));
    plans.push_back(SquareCrop(frame, 0, bottom, side, true, size));
    plans.push_back(SquareCrop(frame, right, bottom, side, false, size));
    plans.push_back(SquareCrop(frame, right / 2, bottom / 2, side, true, size));
  }
  return plans;
}

TEST(CropDecoderTest, IsNearTheExactPixelsAtEveryScale) {
  CropDecoder decoder;
  for (const auto& [frame, interval] : {std::pair<FrameSize, int>{{640, 360}, 4},
                                        {{480, 360}, 5},
                                        {{320, 240}, 4},
                                        {{426, 240}, 3},
                                        {{180, 144}, 4}}) {
    test::JpegStyle style;
    style.restart_interval = interval;
    style.noise = 6;
    style.photographic = true;
    const std::vector<uint8_t> jpeg = test::MakeJpeg(frame, 3, style);
    for (const CropPlan& plan : Plans(frame)) {
      EXPECT_GE(Psnr(DecodeFast(decoder, jpeg, plan), DecodeExactly(jpeg, plan)), 48)
          << frame.width << "x" << frame.height << ": " << plan.width << " pixels from " << plan.x
          << ", " << plan.y << (plan.flip ? ", flipped" : "");
    }
  }
}

// The 2020 code's random crops are rectangles.
TEST(CropDecoderTest, ShapesNeedNotBeSquare) {
  CropDecoder decoder;
  const FrameSize frame{640, 360};
  test::JpegStyle style;
  style.noise = 6;
  style.photographic = true;
  const std::vector<uint8_t> jpeg = test::MakeJpeg(frame, 5, style);
  CropOptions options;
  options.crop = TrainCrop::kRandom;
  Rng rng(4);
  for (int i = 0; i < 60; ++i) {
    const CropPlan plan = DrawCrop(options, frame, rng);
    EXPECT_GE(Psnr(DecodeFast(decoder, jpeg, plan), DecodeExactly(jpeg, plan)), 48)
        << plan.width << "x" << plan.height;
  }
}

TEST(CropDecoderTest, SeveralCropsOfAFrameHaveTheBytesThatEachHasAlone) {
  CropDecoder together;
  for (const auto& [frame, interval] : {std::pair<FrameSize, int>{{640, 360}, 4},
                                        {{480, 360}, 5},
                                        {{426, 240}, 3},
                                        {{240, 426}, 3},
                                        {{178, 144}, 1}}) {
    test::JpegStyle style;
    style.restart_interval = interval;
    const std::vector<uint8_t> jpeg = test::MakeJpeg(frame, 7, style);
    for (const auto& [size, choice, short_side] : {std::tuple{112, ScoringCrop::kThree, 0},
                                                   {112, ScoringCrop::kTen, 0},
                                                   {112, ScoringCrop::kTen, 135},
                                                   {64, ScoringCrop::kTen, 65},
                                                   {48, ScoringCrop::kThree, 0},
                                                   {16, ScoringCrop::kTen, 144}}) {
      const std::vector<CropPlan> plans = ScoringCrops(frame, size, {choice, short_side});
      const int64_t area = int64_t{size} * size;
      std::vector<std::vector<uint8_t>> crops(plans.size(), std::vector<uint8_t>(3 * area));
      std::vector<CropTarget> targets;
      for (size_t i = 0; i < plans.size(); ++i) {
        targets.push_back({plans[i], crops[i].data()});
      }
      ASSERT_TRUE(together.Decode(jpeg.data(), jpeg.size(), targets, area))
          << plans.size() << " crops of " << size << " pixels of " << frame.width << "x"
          << frame.height;
      for (size_t i = 0; i < plans.size(); ++i) {
        CropDecoder alone;
        EXPECT_EQ(crops[i], DecodeFast(alone, jpeg, plans[i]))
            << "crop " << i << " of " << plans.size() << ", " << size << " pixels of "
            << frame.width << "x" << frame.height;
      }
    }
  }
}

TEST(CropDecoderTest, RefusesCropsOfDifferentRegions) {
  const FrameSize frame{320, 240};
  const std::vector<uint8_t> jpeg = test::MakeJpeg(frame, 1);
  std::vector<uint8_t> pixels(size_t{3} * kSize * kSize);
  CropDecoder decoder;
  EXPECT_FALSE(decoder.Decode(jpeg.data(), jpeg.size(),
                              {{CenterCrop(frame, kSize), pixels.data()},
                               {SquareCrop(frame, 0, 0, 200, false), pixels.data()}},
                              int64_t{kSize} * kSize));
}

TEST(CropDecoderTest, EverySetOfInstructionsGivesTheSameBytes) {
  std::vector<std::vector<uint8_t>> expected;
  int num_sets = 0;
  const FrameSize frame{480, 360};
  test::JpegStyle style;
  style.restart_interval = 3;
  const std::vector<uint8_t> jpeg = test::MakeJpeg(frame, 1, style);
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    ++num_sets;
    CropDecoder decoder;
    size_t index = 0;
    for (const int size : {16, 48, 112, 224}) {
      for (const CropPlan& plan : Plans(frame, size)) {
        std::vector<uint8_t> pixels = DecodeFast(decoder, jpeg, plan);
        if (num_sets == 1) {
          expected.push_back(pixels);
        }
        EXPECT_EQ(pixels, expected[index++]) << hwy::TargetName(target);
      }
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  EXPECT_GE(num_sets, 2) << "nothing was compared";
}

TEST(CropDecoderTest, RefusesWhatIsNotItsKind) {
  CropDecoder decoder;
  const FrameSize frame{320, 240};
  const CropPlan plan = CenterCrop(frame, kSize);
  std::vector<uint8_t> pixels(size_t{3} * kSize * kSize);
  const auto accepts = [&](const std::vector<uint8_t>& jpeg, const CropPlan& of) {
    return decoder.Decode(jpeg.data(), jpeg.size(), of, pixels.data(), int64_t{kSize} * kSize);
  };
  const std::vector<uint8_t> good = test::MakeJpeg(frame, 1);
  EXPECT_TRUE(accepts(good, plan));
  test::JpegStyle progressive;
  progressive.progressive = true;
  test::JpegStyle grey;
  grey.grey = true;
  test::JpegStyle without_restarts;
  without_restarts.restart_interval = 0;
  test::JpegStyle other_interval;
  other_interval.restart_interval = 3;  // does not divide the 20 MCUs of a row
  for (const test::JpegStyle& style : {progressive, grey, without_restarts, other_interval}) {
    EXPECT_FALSE(accepts(test::MakeJpeg(frame, 1, style), plan));
  }
  EXPECT_FALSE(accepts(good, CenterCrop({640, 360}, kSize))) << "a plan for other frames";
  EXPECT_TRUE(accepts(good, plan)) << "and goes on";
  for (size_t size : {size_t{0}, size_t{1}, size_t{20}, good.size() / 2, good.size() - 1}) {
    EXPECT_FALSE(accepts({good.begin(), good.begin() + static_cast<ptrdiff_t>(size)}, plan));
  }
}

// Each input has its exact size on the heap, so that sanitizers notice every read past it.
TEST(CropDecoderTest, SurvivesDamage) {
  CropDecoder decoder;
  const FrameSize frame{320, 240};
  const std::vector<uint8_t> good = test::MakeJpeg(frame, 1);
  const std::vector<CropPlan> plans = Plans(frame);
  std::vector<uint8_t> pixels(size_t{3} * kSize * kSize);
  Rng rng(8);
  int num_refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<uint8_t> bad = good;
    for (int64_t damages = 1 + rng.Below(4); damages > 0; --damages) {
      bad[static_cast<size_t>(rng.Below(static_cast<int64_t>(bad.size())))] =
          static_cast<uint8_t>(rng.Below(256));
    }
    bad.resize(bad.size() - static_cast<size_t>(rng.Below(10) == 0 ? rng.Below(3000) : 0));
    bad.shrink_to_fit();
    const CropPlan& plan =
        plans[static_cast<size_t>(rng.Below(static_cast<int64_t>(plans.size())))];
    num_refused +=
        decoder.Decode(bad.data(), bad.size(), plan, pixels.data(), int64_t{kSize} * kSize) ? 0 : 1;
  }
  EXPECT_GT(num_refused, 100);
  EXPECT_TRUE(
      decoder.Decode(good.data(), good.size(), plans[0], pixels.data(), int64_t{kSize} * kSize))
      << "and goes on";
}

}  // namespace
}  // namespace reel3d::jpeg
