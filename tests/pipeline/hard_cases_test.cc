// Runs prep-videos over all hard cases at once. Each result must be that of the table in
// tests/video/hard_cases.h.
// SPDX-License-Identifier: Apache-2.0
#include "tests/video/hard_cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "lib/base/file.h"
#include "lib/data/manifest.h"
#include "lib/video/prepared_video.h"
#include "pipeline/stages/prep_videos.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

int64_t CountFrames(PreparedVideoReader* reader) {
  int64_t num_frames = 0;
  for (std::vector<uint8_t> jpeg; reader->Next(&jpeg); ++num_frames) {
  }
  return num_frames;
}

TEST(HardCasesTest, AllInOneRun) {
  const auto videos = test::SharedData("data/hard_cases");
  if (videos.empty()) {
    GTEST_SKIP() << "no ../shared/data/hard_cases here";
  }
  const test::TemporaryFolder folder;
  Manifest manifest;
  for (const test::HardCase& it : test::kHardCases) {
    VideoRow row;
    row.id = it.name;
    row.path = (videos / it.name).string();
    manifest.videos.push_back(row);
  }
  WriteManifest(folder / "videos.tsv", manifest);
  PrepVideosOptions options;
  options.manifest = (folder / "videos.tsv").string();
  options.out_dir = (folder / "out").string();
  options.worker_program = test::ToolPath("prep-videos").string();
  options.threads = 2;
  options.Check();
  RunPrepVideos(options);
  std::map<std::string, std::string> reasons;
  for (const FailedItem& item :
       ParseFailedItems(ReadFile(folder / "out" / "failed.tsv"), "failed.tsv")) {
    reasons[item.id] = item.reason;
  }
  for (const test::HardCase& it : test::kHardCases) {
    SCOPED_TRACE(it.name);
    const auto prepared = folder / "out" / (std::string(it.name) + ".mkv");
    if (it.num_frames == 0 || it.truncated) {
      EXPECT_THAT(reasons[it.name], testing::HasSubstr(it.reason));
      EXPECT_FALSE(std::filesystem::exists(prepared));
      continue;
    }
    EXPECT_EQ(reasons.count(it.name), 0U) << reasons[it.name];
    PreparedVideoReader reader(prepared);
    EXPECT_EQ(reader.info().height, 360);
    EXPECT_EQ(reader.info().width, it.width);
    EXPECT_EQ(CountFrames(&reader), it.num_frames);
  }
}

}  // namespace
}  // namespace reel3d
