// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "lib/video/frame_scaler.h"
#include "tests/test_support.h"
#include "tests/video/hard_cases.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

using test::HardCase;

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

INSTANTIATE_TEST_SUITE_P(All, HardCasesTest, testing::ValuesIn(test::kHardCases),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           std::replace_if(
                               name.begin(), name.end(),
                               [](char c) { return std::isalnum(c) == 0; }, '_');
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
