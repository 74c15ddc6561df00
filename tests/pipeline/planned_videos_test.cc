// Checks what plan-run learns from the files of a manifest.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/planned_videos.h"

#include <gtest/gtest.h>

#include <string>

#include "lib/base/file.h"
#include "pipeline/stages/plan_run.h"
#include "tests/pipeline/plan_figures.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

using test::From;
using test::Value;
using Json = nlohmann::ordered_json;

class PlannedVideos : public ::testing::Test {
 protected:
  void PlanFor(const std::string& rows_of_manifest) {
    WriteFileAtomically(
        folder_ / "videos.tsv",
        "id\tpath\tlabel\tsubset\tbegin_s\tend_s\tnum_frames\tfps\twidth\theight\n" +
            rows_of_manifest);
    options_.videos = {};
    options_.videos.manifest = folder_ / "videos.tsv";
  }

  test::TemporaryFolder folder_;
  PlanRunOptions options_;
};

TEST_F(PlannedVideos, AManifestIsCountedAndProbed) {
  test::WriteSample(folder_ / "a.mp4", test::Ordinary(), 30, test::NumberedFrames(64, 48));
  PlanFor("a\ta.mp4\tx\ttraining\t\t\t\t\t\t\nb\tnone.mp4\tx\tvalidation\t\t\t\t\t\t\n");
  const Json plan = RunPlanRun(options_).figures;
  EXPECT_DOUBLE_EQ(Value(plan, "data", "videos"), 2);
  EXPECT_DOUBLE_EQ(Value(plan, "data", "training_videos"), 1);
  EXPECT_DOUBLE_EQ(Value(plan, "data", "frames"), 60);
  EXPECT_EQ(From(plan, "data", "frames"), "measured");
  options_.videos.seconds = 100;
  EXPECT_EQ(From(RunPlanRun(options_).figures, "data", "frames"), "given");
}

// These containers state a length, but no number of frames.
TEST_F(PlannedVideos, AviMatroskaAndBroadcastsAreProbed) {
  for (const std::string name : {"a.avi", "a.mkv", "a.ts"}) {
    test::WriteSample(folder_ / name, test::Ordinary(), 30, test::NumberedFrames(64, 48));
    PlanFor("a\t" + name + "\tx\ttraining\t\t\t\t\t\t\n");
    const Json plan = RunPlanRun(options_).figures;
    EXPECT_NEAR(Value(plan, "data", "frames"), 30, 2) << name;
    EXPECT_EQ(From(plan, "data", "frames"), "measured") << name;
  }
}

TEST_F(PlannedVideos, VideosOfOneFrameAreVideos) {
  std::string rows;
  for (const std::string number : {"1", "2", "3"}) {
    test::WriteSample(folder_ / (number + ".mp4"), test::Ordinary(), 1,
                      test::NumberedFrames(64, 48));
    rows += number + "\t" + number + ".mp4\tx\ttraining\t\t\t\t\t\t\n";
  }
  PlanFor(rows);
  EXPECT_DOUBLE_EQ(Value(RunPlanRun(options_).figures, "data", "frames"), 3);
}

}  // namespace
}  // namespace reel3d
