// Tests that bench-loader measures what it reports. Speed itself is not tested.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/bench_loader.h"

#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "tests/shard/small_shard.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

TEST(BenchLoaderTest, LoadsTheClipsAndSumsUpItsPhases) {
  const test::TemporaryFolder folder;
  test::WriteSmallShards(folder.path());
  BenchLoaderOptions options;
  options.shards_dir = folder.path().string();
  options.clips = 50;
  options.batch = 8;
  options.threads = 2;
  options.crop.size = 16;
  const BenchLoaderReport report = RunBenchLoader(options);
  EXPECT_EQ(report.num_clips, 50);
  EXPECT_EQ(report.threads, 2);
  EXPECT_GT(report.cpu_s, 0);
  EXPECT_GT(report.read_ms, 0);
  EXPECT_GT(report.early_rss_bytes, 1'000'000);
  EXPECT_GE(report.rss_bytes, report.early_rss_bytes / 2);
  // 48 pixels are three MCUs, but the restart interval is 4. The crop decoder refuses such frames.
  EXPECT_EQ(report.fast_share, 0);
  const auto json = report.ToJson();
  EXPECT_EQ(json["clips_per_s"], 50 / report.seconds);
  EXPECT_EQ(json["clips_per_s_per_core"], 50 / report.cpu_s);
  EXPECT_EQ(json["phases_ms"]["read"], report.read_ms);
}

// taskset, mpirun and Slurm bind the tool to some cores. It must not use more threads than these.
TEST(BenchLoaderTest, UsesTheCoresThatItMay) {
  const test::TemporaryFolder folder;
  test::WriteSmallShards(folder.path());
  const std::string core = std::to_string(AllowedCores().front());
  const auto result =
      test::RunCommand({"taskset", "-c", core, test::ToolPath("bench-loader").string(), "--clips",
                        "5", "--sample-size", "16", folder.path().string()});
  EXPECT_EQ(result.exit_status, kExitDone) << result.err;
  EXPECT_NE(result.out.find("clips/s by 1 thread: "), std::string::npos) << result.out;
}

TEST(BenchLoaderTest, TheToolSaysWhatIsWrong) {
  const test::TemporaryFolder folder;
  const std::string tool = test::ToolPath("bench-loader").string();
  EXPECT_EQ(test::RunCommand({tool, (folder / "absent").string()}).exit_status, kExitInput);
  test::WriteSmallShards(folder.path());
  const auto result =
      test::RunCommand({tool, "--clips", "5", "--sample-size", "16", folder.path().string()});
  EXPECT_EQ(result.exit_status, kExitDone) << result.err;
  EXPECT_NE(result.out.find("clips/s by"), std::string::npos) << result.out;
}

}  // namespace
}  // namespace reel3d
