// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "pipeline/support/prepare_video.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

using test::TemporaryFolder;

struct Outcome {
  std::map<size_t, PreparedPart> parts;
  std::map<size_t, std::string> bytes;
};

// Prepares the parts of `file` together, or each alone.
Outcome Prepare(const TemporaryFolder& folder, const std::string& file,
                const std::vector<VideoPart>& parts, bool together, bool even_rate) {
  PrepareRequest request;
  request.source = (folder / file).string();
  request.height = 32;
  request.quality = 90;
  request.even_rate = even_rate;
  request.rate = {7, 1};
  std::vector<PreparePart> all;
  for (size_t i = 0; i < parts.size(); ++i) {
    all.push_back({(folder / (std::to_string(i) + ".mkv")).string(), parts[i], "x"});
  }
  Outcome outcome;
  const auto run = [&](std::vector<PreparePart> some, size_t first) {
    request.parts = std::move(some);
    PrepareParts(
        request, [](int64_t) {},
        [&](size_t part, const PreparedPart& prepared) {
          EXPECT_TRUE(outcome.parts.emplace(first + part, prepared).second) << "told twice";
          if (prepared.fault.empty()) {
            outcome.bytes[first + part] = test::ReadBytes(request.parts[part].target);
          }
        });
  };
  if (together) {
    run(all, 0);
  } else {
    for (size_t i = 0; i < all.size(); ++i) {
      run({all[i]}, i);
    }
  }
  return outcome;
}

class PreparePartsTest : public testing::TestWithParam<const char*> {};

TEST_P(PreparePartsTest, GivesTheBytesOfEachPartAlone) {
  const TemporaryFolder folder;
  VideoEncoderOptions options = test::Ordinary();
  const std::string file = GetParam();
  test::WriteSample(folder / file, options, 300, test::NumberedFrames(64, 48));
  std::vector<VideoPart> parts = {{20, 25},     {0.5, 2},    {1, 3},   {24.95, 40}, {50, 60},
                                  {7.25, 7.26}, {7.2, 7.21}, {0, 1e9}, {28, 29},    {20, 25}};
  for (int i = 0; i < 150; ++i) {  // more than one pass may hold
    parts.push_back({5 + i * 0.01, 20 - i * 0.01});
  }
  for (const bool even_rate : {false, true}) {
    const Outcome alone = Prepare(folder, file, parts, false, even_rate);
    const Outcome together = Prepare(folder, file, parts, true, even_rate);
    ASSERT_EQ(together.parts.size(), parts.size());
    for (size_t i = 0; i < parts.size(); ++i) {
      EXPECT_EQ(together.parts.at(i).fault, alone.parts.at(i).fault) << i;
      EXPECT_EQ(together.parts.at(i).summary.num_frames, alone.parts.at(i).summary.num_frames) << i;
      EXPECT_EQ(together.parts.at(i).summary.truncated, alone.parts.at(i).summary.truncated) << i;
    }
    EXPECT_TRUE(together.bytes == alone.bytes);
    EXPECT_THAT(together.parts.at(4).fault, testing::HasSubstr("no frame from 50 s to 60 s"));
    EXPECT_EQ(together.bytes.size(), parts.size() - 2);
  }
}

INSTANTIATE_TEST_SUITE_P(Containers, PreparePartsTest,
                         testing::Values("a.mp4", "a.mkv", "a.avi", "a.ts"));

}  // namespace
}  // namespace reel3d
