// Tests prep-videos and its readers on a manifest of more videos than one folder should hold.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "lib/base/file.h"
#include "lib/data/manifest.h"
#include "lib/data/prepared_folder.h"
#include "pipeline/stages/pack_shards.h"
#include "pipeline/stages/prep_videos.h"
#include "pipeline/stages/sampled_frames.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;

constexpr int kNumRows = 10'001;
constexpr int kNumTasks = 5'000;  // the first task has rows 0, 5000 and 10000

TEST(PrepSpread, VideosInSubfoldersArePackedAndHashed) {
  const test::TemporaryFolder folder;
  Manifest manifest;
  for (int i = 0; i < kNumRows; ++i) {
    VideoRow row;
    row.id = "video" + std::to_string(i);
    row.path = row.id + ".mp4";
    row.label = "wave";
    manifest.videos.push_back(row);
    if (i % kNumTasks == 0) {
      test::WriteSample(folder / row.path, test::Ordinary(), 8, test::NumberedFrames(64, 48));
    }
  }
  WriteManifest(folder / "videos.tsv", manifest);
  WriteClasses(folder / "classes.txt", {"wave"});
  PrepVideosOptions prep;
  prep.manifest = folder / "videos.tsv";
  prep.out_dir = folder / "prepared";
  prep.preparation.height = 32;
  prep.threads = 1;
  prep.worker_program = test::ToolPath("prep-videos").string();
  prep.slice.task_option = 0;
  prep.slice.tasks_option = kNumTasks;
  prep.Check();
  EXPECT_EQ(RunPrepVideos(prep).num_done, 3);
  EXPECT_EQ(RunPrepVideos(prep).num_skipped, 3);
  EXPECT_FALSE(fs::exists(folder / "prepared/video0.mkv"));
  EXPECT_TRUE(fs::exists(PreparedFile(folder / "prepared", "video0")));
  EXPECT_TRUE(SampledFrames::Open(folder / "prepared")->Has("video5000"));

  PackShardsOptions pack;
  pack.manifest = prep.manifest;
  pack.prepared_dir = prep.out_dir;
  pack.out_dir = folder / "shards";
  pack.allow_unfinished = true;
  pack.max_failed_fraction = 1;
  EXPECT_EQ(RunPackShards(pack).num_packed, 3);
}

}  // namespace
}  // namespace reel3d
