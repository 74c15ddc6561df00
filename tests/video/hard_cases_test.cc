// What becomes of files that other projects collected because they are awkward: frames and shape,
// or the reason why not.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "lib/video/frame_scaler.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

struct HardCase {
  const char* name;
  int num_frames;
  int width;           // at height 360
  const char* reason;  // why it fails (no frames), or is said to be damaged
  bool truncated;
};

void PrintTo(const HardCase& it, std::ostream* out) { *out << it.name; }

class HardCasesTest : public testing::TestWithParam<HardCase> {};

TEST_P(HardCasesTest, EndsAsExpected) {
  const HardCase& it = GetParam();
  const auto folder = test::SharedData("data/hard_cases");
  if (folder.empty()) {
    GTEST_SKIP() << "no ../shared/data/hard_cases here";
  }
  if (it.num_frames == 0) {
    EXPECT_THAT(test::DecodeFault(folder / it.name), testing::HasSubstr(it.reason));
    return;
  }
  VideoDecoder decoder(folder / it.name);
  VideoFrame frame;
  ASSERT_TRUE(decoder.Next(&frame));
  const ImageSize size = SizeForHeight(frame.aspect, 360);
  EXPECT_EQ(size.width, it.width);
  FrameScaler scaler(size);
  do {
    EXPECT_EQ(scaler.Scale(frame).width(), it.width);
  } while (decoder.Next(&frame));
  EXPECT_EQ(decoder.summary().num_frames, it.num_frames);
  EXPECT_EQ(decoder.summary().truncated, it.truncated);
  EXPECT_THAT(decoder.summary().problem, testing::HasSubstr(it.reason));
  EXPECT_EQ(decoder.summary().problem.empty(), std::string(it.reason).empty())
      << decoder.summary().problem;
}

INSTANTIATE_TEST_SUITE_P(
    All, HardCasesTest,
    testing::Values(HardCase{"decord_corrupted.mp4", 49, 640, "NAL units", false},
                    HardCase{"decord_flipping_a_pancake.mkv", 310, 640, "", false},
                    HardCase{"decord_rot0.mov", 3, 640, "", false},
                    HardCase{"decord_rot180.mov", 3, 640, "", false},
                    HardCase{"decord_rot270.mov", 3, 202, "", false},
                    HardCase{"decord_rot90.mov", 3, 202, "", false},
                    HardCase{"decord_unordered.mov", 4, 360, "", false},
                    HardCase{"derived_1frame.mp4", 1, 640, "", false},
                    HardCase{"derived_8frames.avi", 8, 450, "", false},
                    HardCase{"derived_gray8.mp4", 84, 450, "", false},
                    HardCase{"derived_interlaced_tff.mp4", 30, 640, "", false},
                    HardCase{"derived_odd_177x143_yuv444p.mp4", 84, 450, "", false},
                    HardCase{"derived_resolution_change.ts", 60, 640, "", false},
                    HardCase{"derived_text_not_video.mp4", 0, 0, "no known video format", false},
                    HardCase{"derived_truncated_60pct.avi", 49, 450, "Error at MB", true},
                    HardCase{"derived_truncated_tail.mp4", 0, 0, "moov atom not found", false},
                    HardCase{"io_cockatoo.mp4", 280, 640, "", false},
                    HardCase{"io_issue245.gif", 1, 450, "", false},
                    HardCase{"io_newtonscradle.gif", 36, 480, "", false},
                    HardCase{"io_realshort.mp4", 36, 480, "", false},
                    HardCase{"mm_demo_armwrestling.mp4", 280, 600, "", false},
                    HardCase{"mm_test.avi", 164, 480, "", false},
                    HardCase{"mp_bbb_432_433.webm", 24, 640, "", false},
                    HardCase{"mp_bitmap.mp4", 5, 360, "", false},
                    HardCase{"mp_chaplin.mp4", 241, 640, "", false},
                    HardCase{"mp_failing_audio.mp4", 280, 640, "", false},
                    HardCase{"mp_no_duration.webm", 74, 640, "", false},
                    HardCase{"mp_pigs_in_a_polka.gif", 30, 414, "", false},
                    HardCase{"mp_smpte_29.97.mp4", 251, 640, "", false},
                    HardCase{"mp_transparent_alpha.webm", 150, 360, "", false},
                    HardCase{"mp_zero_bytes.webm", 0, 0, "the file is empty", false},
                    HardCase{"tc_audio_only.mp3", 0, 0, "(mp3) is no video container", false},
                    HardCase{"tc_audio_only.wav", 0, 0, "(wav) is no video container", false},
                    HardCase{"tc_av1.mkv", 125, 640, "", false},
                    HardCase{"tc_bt709_full_range.mp4", 30, 640, "", false},
                    HardCase{"tc_h264_10bit.mp4", 30, 360, "", false},
                    HardCase{"tc_h265_10bit.mp4", 30, 360, "", false},
                    HardCase{"tc_h265_short.mp4", 10, 360, "", false},
                    // Of its two videos the larger is taken, as players do.
                    HardCase{"tc_nasa_13013.mp4", 390, 640, "", false}),
    [](const auto& info) {
      std::string name = info.param.name;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
      return name;
    });

TEST(WeizmannTest, DecodesEveryFrame) {
  const auto file = test::SharedData("data/weizmann/walk/daria_walk.avi");
  if (file.empty()) {
    GTEST_SKIP() << "no ../shared/data/weizmann here";
  }
  const test::Decoded decoded = test::DecodeAll(file);
  EXPECT_EQ(decoded.summary.num_frames, decoded.summary.expected_frames);
  EXPECT_GT(decoded.summary.num_frames, 20);
  EXPECT_EQ(decoded.summary.problem, "");
}

}  // namespace
}  // namespace reel3d
