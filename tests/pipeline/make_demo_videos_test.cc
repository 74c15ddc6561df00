// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/make_demo_videos.h"

#include <gtest/gtest.h>

#include <map>

#include "lib/base/error.h"
#include "lib/demo/synthetic_video.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;

MakeDemoVideosOptions Options(const fs::path& out_dir, int threads) {
  MakeDemoVideosOptions options;
  options.out_dir = out_dir.string();
  options.videos_per_class = 2;
  options.threads = threads;
  return options;
}

std::map<std::string, std::string> Outputs(const fs::path& folder) {
  std::map<std::string, std::string> outputs;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".mp4") {
      outputs[fs::relative(entry.path(), folder).string()] = test::ReadBytes(entry.path());
    }
  }
  return outputs;
}

TEST(MakeDemoVideosTest, WritesTheSameVideosWithAnyNumberOfThreads) {
  const TemporaryFolder folder;
  const MakeDemoVideosReport report = RunMakeDemoVideos(Options(folder / "a", 1));
  EXPECT_EQ(report.num_videos, 16);
  EXPECT_EQ(report.num_done, 16);
  RunMakeDemoVideos(Options(folder / "b", 2));
  const auto videos = Outputs(folder / "a");
  EXPECT_EQ(videos.size(), 16U);
  EXPECT_EQ(videos.count("dimming/dimming_001.mp4"), 1U);
  EXPECT_EQ(Outputs(folder / "b"), videos);
  EXPECT_TRUE(fs::exists(folder / "a" / "DONE"));
}

TEST(MakeDemoVideosTest, TheFilesHoldTheFramesThatWereDrawn) {
  const TemporaryFolder folder;
  const MakeDemoVideosOptions options = Options(folder / "a", 2);
  RunMakeDemoVideos(options);
  for (int class_index = 0; class_index < 8; ++class_index) {
    const std::string name = SyntheticClasses()[class_index];
    VideoDecoder decoder(folder / "a" / name / (name + "_000.mp4"));
    const SyntheticVideo video =
        DrawSyntheticVideo(class_index, static_cast<uint64_t>(options.seed), 0);
    VideoFrame frame;
    int64_t count = 0;
    while (decoder.Next(&frame)) {
      ++count;
    }
    EXPECT_EQ(count, static_cast<int64_t>(video.frames.size())) << name;
    EXPECT_EQ(decoder.info().width, video.frames.front().width) << name;
    EXPECT_EQ(decoder.info().fps_num, video.fps * decoder.info().fps_den) << name;
  }
}

TEST(MakeDemoVideosTest, MakesOnlyWhatIsMissingAndRefusesToMixSettings) {
  const TemporaryFolder folder;
  const MakeDemoVideosOptions options = Options(folder / "a", 2);
  RunMakeDemoVideos(options);
  const auto videos = Outputs(folder / "a");
  fs::remove(folder / "a" / "falling" / "falling_001.mp4");
  const MakeDemoVideosReport report = RunMakeDemoVideos(options);
  EXPECT_EQ(report.num_done, 1);
  EXPECT_EQ(report.num_skipped, 15);
  EXPECT_EQ(Outputs(folder / "a"), videos);

  MakeDemoVideosOptions other = options;
  other.seed = 2;
  EXPECT_THROW(RunMakeDemoVideos(other), Error);
  other.overwrite = true;
  RunMakeDemoVideos(other);
  EXPECT_NE(Outputs(folder / "a"), videos);
  other.videos_per_class = 1;
  RunMakeDemoVideos(other);
  EXPECT_EQ(Outputs(folder / "a").size(), 8U) << "videos of the longer list are still there";
}

}  // namespace
}  // namespace reel3d
