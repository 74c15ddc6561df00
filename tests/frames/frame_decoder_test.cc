// SPDX-License-Identifier: Apache-2.0
#include "lib/frames/frame_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "lib/base/error.h"
#include "tests/frames/jpeg_pictures.h"
#include "tests/shard/clip_golden.h"

namespace reel3d {
namespace {

using test::MakeJpeg;
using testing::HasSubstr;

FrameJpeg ViewOf(const std::vector<uint8_t>& bytes, int frame_index = 0) {
  return {frame_index, bytes.data(), bytes.size()};
}

std::vector<uint8_t> Decode(FrameDecoder* decoder, const std::vector<FrameJpeg>& frames,
                            int clip_length, const CropPlan& plan) {
  std::vector<uint8_t> clip(size_t{3} * clip_length * plan.size * plan.size, 0x55);
  decoder->DecodeClip(frames, clip_length, plan, clip.data());
  return clip;
}

// Expects an input error and returns its message.
std::string DecodeFailure(const std::vector<uint8_t>& jpeg, const CropPlan& plan) {
  FrameDecoder decoder;
  try {
    Decode(&decoder, {ViewOf(jpeg, 77)}, 1, plan);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "no error";
}

TEST(FrameDecoderTest, EqualsPilsDecodingAndResizing) {
  const nlohmann::json golden = test::ClipGolden().at("jpeg");
  const std::vector<uint8_t> frame = test::BytesOfHex(golden.at("bytes"));
  FrameDecoder decoder;
  for (const nlohmann::json& item : golden.at("cases")) {
    const std::vector<uint8_t> planes = Decode(&decoder, {ViewOf(frame)}, 1, test::PlanOf(item));
    EXPECT_EQ(Crc32(planes.data(), planes.size()), item.at("crc32").get<uint32_t>()) << item;
  }
}

// The region moves, but keeps its size. Wherever it lies relative to the blocks of 16 pixels, its
// pixels must equal those of a complete decode.
TEST(FrameDecoderTest, LeavingOutWhatIsNotNeededChangesNoPixel) {
  FrameDecoder decoder;
  for (const FrameSize frame : {FrameSize{100, 75}, FrameSize{96, 64}, FrameSize{33, 49}}) {
    for (const int restart_interval : {0, 1, 4}) {
      const std::vector<uint8_t> jpeg = MakeJpeg(frame, 3, {90, restart_interval, false, false});
      FrameSize decoded;
      const std::vector<uint8_t> whole = test::DecodeWholeJpeg(jpeg, &decoded);
      ASSERT_EQ(decoded, frame);
      int num_regions = 0;
      for (const int side : {1, 16, 30, 33}) {
        for (int y = 0; y + side <= frame.height; y += 1 + y % 3) {
          for (int x = 0; x + side <= frame.width; x += 1 + (x + y) % 3) {
            const CropPlan plan = {frame, x, y, side, side, side, side, 0, 0, side, false};
            const std::vector<uint8_t> planes = Decode(&decoder, {ViewOf(jpeg)}, 1, plan);
            std::vector<uint8_t> expected;
            for (int color = 0; color < 3; ++color) {
              for (int row = y; row < y + side; ++row) {
                for (int column = x; column < x + side; ++column) {
                  expected.push_back(whole[(size_t(row) * frame.width + column) * 4 + color]);
                }
              }
            }
            ASSERT_TRUE(planes == expected) << frame.width << " " << x << "," << y << " " << side;
            ++num_regions;
          }
        }
      }
      EXPECT_GT(num_regions, 100);
    }
  }
}

TEST(FrameDecoderTest, ClipIsColorsThenTimeThenRows) {
  const FrameSize size = {64, 48};
  FrameDecoder decoder;
  Rng rng(4);
  CropOptions options;
  options.size = 20;
  const CropPlan plan = DrawCrop(options, size, rng);
  std::vector<std::vector<uint8_t>> jpegs;
  for (int t = 0; t < 3; ++t) {
    jpegs.push_back(MakeJpeg(size, t));
  }
  const std::vector<FrameJpeg> frames = {ViewOf(jpegs[0], 0), ViewOf(jpegs[1], 1),
                                         ViewOf(jpegs[2], 2)};
  // A clip of 5 frames is made by looping 3.
  const std::vector<uint8_t> clip = Decode(&decoder, frames, 5, plan);
  for (int t = 0; t < 5; ++t) {
    const std::vector<uint8_t> alone = Decode(&decoder, {frames[t % 3]}, 1, plan);
    for (ptrdiff_t color = 0; color < 3; ++color) {
      const auto plane = clip.begin() + (color * 5 + t) * 400;
      EXPECT_TRUE(std::equal(plane, plane + 400, alone.begin() + color * 400)) << t << color;
    }
  }
}

// The last plan is of another region, and frames without restart markers are for libjpeg.
TEST(FrameDecoderTest, CropsOfAClipHaveTheBytesThatEachHasAlone) {
  const FrameSize frame{100, 75};
  for (const Decoding decoding : {Decoding::kExact, Decoding::kFast}) {
    for (const int restart_interval : {0, 4}) {
      const std::vector<uint8_t> first = MakeJpeg(frame, 3, {90, restart_interval, false, false});
      const std::vector<uint8_t> second = MakeJpeg(frame, 4, {90, restart_interval, false, false});
      const std::vector<FrameJpeg> frames = {ViewOf(first), ViewOf(second)};
      std::vector<CropPlan> plans = ScoringCrops(frame, 48, {ScoringCrop::kTen, 0});
      for (const bool mixed : {false, true}) {
        if (mixed) {
          plans.push_back(CenterCrop(frame, 48));
        }
        FrameDecoder decoder(decoding);
        std::vector<std::vector<uint8_t>> clips(plans.size(),
                                                std::vector<uint8_t>(size_t{3} * 3 * 48 * 48));
        std::vector<uint8_t*> pixels;
        for (std::vector<uint8_t>& clip : clips) {
          pixels.push_back(clip.data());
        }
        decoder.DecodeCrops(frames, 3, plans, pixels);
        for (size_t i = 0; i < plans.size(); ++i) {
          FrameDecoder alone(decoding);
          EXPECT_EQ(clips[i], Decode(&alone, frames, 3, plans[i])) << i;
        }
      }
    }
  }
}

TEST(FrameDecoderTest, ReadsSizeAndGreyFrames) {
  FrameDecoder decoder;
  const std::vector<uint8_t> grey = MakeJpeg({50, 40}, 1, {90, 0, false, true});
  EXPECT_EQ(decoder.ReadSize(ViewOf(grey)), (FrameSize{50, 40}));
  const std::vector<uint8_t> planes = Decode(&decoder, {ViewOf(grey)}, 1, CenterCrop({50, 40}, 40));
  EXPECT_TRUE(std::equal(planes.begin(), planes.begin() + 1600, planes.begin() + 1600));
}

TEST(FrameDecoderTest, DamageIsAnInputErrorThatNamesTheFrame) {
  const FrameSize size = {96, 64};
  const std::vector<uint8_t> good = MakeJpeg(size, 1);
  const CropPlan plan = CenterCrop(size, 32);
  EXPECT_EQ(DecodeFailure(good, plan), "no error");
  EXPECT_THAT(DecodeFailure({}, plan), HasSubstr("frame 77: "));
  EXPECT_THAT(DecodeFailure({'n', 'o', ' ', 'J', 'P', 'E', 'G'}, plan), HasSubstr("frame 77: "));
  for (const size_t kept : {good.size() / 100, good.size() / 10, good.size() / 2}) {
    EXPECT_THAT(DecodeFailure({good.begin(), good.begin() + kept}, plan), HasSubstr("frame 77: "));
  }
  // The restart marker has the wrong number; libjpeg would continue with shifted pixels.
  std::vector<uint8_t> renumbered = good;
  const std::vector<uint8_t> marker = {0xFF, 0xD1};
  const auto found =
      std::search(renumbered.begin(), renumbered.end(), marker.begin(), marker.end());
  ASSERT_NE(found, renumbered.end());
  found[1] = 0xD5;
  EXPECT_THAT(DecodeFailure(renumbered, plan), HasSubstr("frame 77: "));
  EXPECT_THAT(DecodeFailure(MakeJpeg(size, 1, {90, 0, true, false}), plan), HasSubstr("baseline"));
  EXPECT_THAT(DecodeFailure(MakeJpeg({96, 66}, 1), plan), HasSubstr("96x66"));
  EXPECT_THAT(DecodeFailure(MakeJpeg({8200, 4}, 1), plan), HasSubstr("8192"));
}

TEST(FrameDecoderTest, GoesOnAfterADamagedFrame) {
  const FrameSize size = {96, 64};
  const CropPlan plan = CenterCrop(size, 32);
  const std::vector<uint8_t> good = MakeJpeg(size, 1);
  FrameDecoder decoder;
  const std::vector<uint8_t> before = Decode(&decoder, {ViewOf(good)}, 1, plan);
  EXPECT_THROW(Decode(&decoder, {{0, good.data(), 900}}, 1, plan), Error);
  EXPECT_EQ(Decode(&decoder, {ViewOf(good)}, 1, plan), before);
}

// Bytes changed at random must end in pixels or in an error, nothing else.
TEST(FrameDecoderTest, SurvivesRandomDamage) {
  const FrameSize size = {48, 32};
  const CropPlan plan = CenterCrop(size, 16);
  const std::vector<uint8_t> good = MakeJpeg(size, 2);
  FrameDecoder decoder;
  Rng rng(1);
  int num_errors = 0;
  for (int i = 0; i < 3000; ++i) {
    std::vector<uint8_t> bad = good;
    for (int64_t k = rng.Below(4); k >= 0; --k) {
      bad[rng.Below(static_cast<int64_t>(bad.size()))] = static_cast<uint8_t>(rng.Below(256));
    }
    try {
      Decode(&decoder, {ViewOf(bad)}, 1, plan);
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::kInput) << error.what();
      ++num_errors;
    }
  }
  EXPECT_GT(num_errors, 300);
}

}  // namespace
}  // namespace reel3d
