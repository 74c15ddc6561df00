// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/prep_videos.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <csignal>

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/cli/tool.h"
#include "lib/data/manifest.h"
#include "lib/video/prepared_video.h"
#include "pipeline/support/prep_worker.h"
#include "tests/pipeline/full_disk.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using testing::HasSubstr;

constexpr int kWidth = 64;
constexpr int kHeight = 48;

void WriteVideo(const fs::path& file, int num_frames) {
  VideoEncoderOptions options;
  options.width = kWidth;
  options.height = kHeight;
  options.fps_num = 10;
  options.codec_options = "preset=veryfast:crf=5:g=25";
  test::WriteSample(file, options, num_frames, test::NumberedFrames(kWidth, kHeight));
}

VideoRow Row(const std::string& id, const std::string& path) {
  VideoRow row;
  row.id = id;
  row.path = path;
  return row;
}

// Writes seven videos of different lengths and their manifest. Returns the manifest's path.
fs::path WriteGoodVideos(const TemporaryFolder& folder) {
  Manifest manifest;
  for (int i = 0; i < 7; ++i) {
    const std::string name = "v" + std::to_string(i);
    WriteVideo(folder / (name + ".mp4"), 10 + 3 * i);
    manifest.videos.push_back(Row(name, name + ".mp4"));
  }
  WriteManifest(folder / "videos.tsv", manifest);
  return folder / "videos.tsv";
}

PrepVideosOptions Options(const fs::path& manifest, const fs::path& out_dir) {
  PrepVideosOptions options;
  options.manifest = manifest.string();
  options.out_dir = out_dir.string();
  options.preparation.height = 32;
  options.threads = 1;
  options.worker_program = test::ToolPath("prep-videos").string();
  options.Check();
  return options;
}

// Returns the bytes of the finished videos, by file name.
std::map<std::string, std::string> Outputs(const fs::path& folder) {
  std::map<std::string, std::string> outputs;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".mkv") {
      outputs[entry.path().filename().string()] = test::ReadBytes(entry.path());
    }
  }
  return outputs;
}

TEST(PrepVideosTest, WritesTheSameBytesWithAnyNumberOfThreadsAndTasks) {
  const TemporaryFolder folder;
  const fs::path manifest = WriteGoodVideos(folder);
  const PrepVideosReport report = RunPrepVideos(Options(manifest, folder / "one"));
  EXPECT_EQ(report.num_videos, 7);
  EXPECT_EQ(report.num_done, 7);
  EXPECT_EQ(report.num_frames, 7 * 10 + 3 * 21);
  const auto expected = Outputs(folder / "one");
  ASSERT_EQ(expected.size(), 7U);

  PrepVideosOptions two_threads = Options(manifest, folder / "two");
  two_threads.threads = 2;
  RunPrepVideos(two_threads);
  EXPECT_EQ(Outputs(folder / "two"), expected);

  for (int task = 0; task < 3; ++task) {
    EXPECT_FALSE(fs::exists(folder / "tasks" / "DONE"));
    PrepVideosOptions one_task = Options(manifest, folder / "tasks");
    one_task.slice.task_option = task;
    one_task.slice.tasks_option = 3;
    one_task.Check();
    RunPrepVideos(one_task);
  }
  EXPECT_EQ(Outputs(folder / "tasks"), expected);
  EXPECT_TRUE(fs::exists(folder / "tasks" / "DONE"));
}

TEST(PrepVideosTest, GivesFramesTheShapeAsked) {
  const TemporaryFolder folder;
  const fs::path manifest = WriteGoodVideos(folder);
  PrepVideosOptions options = Options(manifest, folder / "height");
  options.preparation.height = 90;
  RunPrepVideos(options);
  const PreparedVideoReader by_height(folder / "height" / "v0.mkv");
  EXPECT_EQ(by_height.info().width, 120);
  EXPECT_EQ(by_height.info().height, 90);
  EXPECT_EQ(by_height.info().fps_num, 10);

  options = Options(manifest, folder / "side");
  options.preparation.short_side = 24;
  RunPrepVideos(options);
  const PreparedVideoReader by_side(folder / "side" / "v0.mkv");
  EXPECT_EQ(by_side.info().width, 32);
  EXPECT_EQ(by_side.info().height, 24);

  options.preparation.short_side = 25;
  EXPECT_THROW(options.Check(), Error);
}

TEST(PrepVideosTest, TakesPartsExactlyAndKeepsTheirTimes) {
  const TemporaryFolder folder;
  WriteVideo(folder / "long.mp4", 90);
  Manifest manifest;
  VideoRow row = Row("part", "long.mp4");
  row.begin_s = 4.5;
  row.end_s = 6;
  manifest.videos.push_back(row);
  WriteManifest(folder / "videos.tsv", manifest);
  RunPrepVideos(Options(folder / "videos.tsv", folder / "out"));
  const test::Decoded decoded = test::DecodeAll(folder / "out" / "part.mkv");
  ASSERT_EQ(decoded.numbers.size(), 15U);
  for (int i = 0; i < 15; ++i) {
    EXPECT_EQ(decoded.numbers[i], 45 + i);
    EXPECT_NEAR(decoded.times_s[i], i / 10., 1e-6);
  }
  // The first time is 0, so players start at once. In Matroska, E7 is the time of a cluster.
  const std::string bytes = test::ReadBytes(folder / "out" / "part.mkv");
  const size_t cluster = bytes.find("\x1F\x43\xB6\x75");
  ASSERT_NE(cluster, std::string::npos);
  EXPECT_NE(bytes.substr(cluster, 24).find(std::string("\xE7\x81\0", 3)), std::string::npos);
}

TEST(PrepVideosTest, NamesWhatFailedWithItsReason) {
  const TemporaryFolder folder;
  WriteVideo(folder / "good.mp4", 12);
  test::WriteBytes(folder / "text.mp4", "this is no video\n");
  test::WriteBytes(folder / "zero.webm", "");
  Manifest manifest;
  manifest.videos = {Row("text", "text.mp4"), Row("good", "good.mp4"), Row("zero", "zero.webm"),
                     Row("absent", "absent.mp4")};
  WriteManifest(folder / "videos.tsv", manifest);
  const PrepVideosOptions options = Options(folder / "videos.tsv", folder / "out");
  const PrepVideosReport report = RunPrepVideos(options);
  EXPECT_EQ(report.num_done, 1);
  EXPECT_EQ(report.num_failed, 3);
  EXPECT_TRUE(report.over_tolerance);
  EXPECT_FALSE(fs::exists(folder / "out" / "DONE"));
  EXPECT_EQ(Outputs(folder / "out").size(), 1U);
  const auto failed = ParseFailedItems(ReadFile(folder / "out" / "failed.tsv"), "failed.tsv");
  ASSERT_EQ(failed.size(), 3U);
  EXPECT_EQ(failed[0].id, "text");
  EXPECT_THAT(failed[0].reason, HasSubstr("content"));
  EXPECT_EQ(failed[1].id, "zero");
  EXPECT_THAT(failed[1].reason, HasSubstr("is empty"));
  EXPECT_EQ(failed[2].id, "absent");
  EXPECT_THAT(failed[2].reason, HasSubstr("absent.mp4"));

  PrepVideosOptions tolerant = options;
  tolerant.max_failed_fraction = 1;
  const PrepVideosReport again = RunPrepVideos(tolerant);
  EXPECT_EQ(again.num_skipped, 1);
  EXPECT_FALSE(again.over_tolerance);
  EXPECT_TRUE(fs::exists(folder / "out" / "DONE"));
}

TEST(PrepVideosTest, ListsTheTasksThatAreToBeRunAgain) {
  const TemporaryFolder folder;
  const fs::path manifest = WriteGoodVideos(folder);
  test::WriteBytes(folder / "v1.mp4", "this is no video\n");
  const auto err_of_task = [&](int task) {
    return test::RunCommand({test::ToolPath("prep-videos").string(), "--task", std::to_string(task),
                             "--tasks", "4", manifest.string(), (folder / "out").string()})
        .err;
  };
  EXPECT_THAT(err_of_task(2), HasSubstr("not yet: ARRAY=0-1,3\n"));
  err_of_task(0);
  EXPECT_THAT(err_of_task(1), HasSubstr("not yet: ARRAY=3\n"));
  EXPECT_THAT(err_of_task(3), HasSubstr("1 of 7 failed; once they are mended, their tasks are "
                                        "ARRAY=1\n"));
}

// Every task has warnings about its own videos. The report of the folder has all warnings by id.
TEST(PrepVideosTest, WarningsOfAllTasksStandInTheReport) {
  const TemporaryFolder folder;
  const fs::path manifest = WriteGoodVideos(folder);
  for (const int number : {1, 2}) {  // videos of different tasks; each file holds two recordings
    VideoEncoderOptions options;
    options.fps_num = 10;
    std::string bytes;
    for (const int scale : {1, 2}) {
      options.width = scale * kWidth;
      options.height = kHeight;
      test::WriteSample(folder / "part.ts", options, 20,
                        test::NumberedFrames(scale * kWidth, kHeight));
      bytes += test::ReadBytes(folder / "part.ts");
    }
    test::WriteBytes(folder / fmt::format("v{}.mp4", number), bytes);
  }
  for (int task = 0; task < 3; ++task) {
    PrepVideosOptions one_task = Options(manifest, folder / "out");
    one_task.slice.task_option = task;
    one_task.slice.tasks_option = 3;
    one_task.Check();
    RunPrepVideos(one_task);
  }
  const auto report = nlohmann::json::parse(test::ReadBytes(folder / "out" / "report.json"));
  const auto warnings = report.at("warnings").get<std::map<std::string, std::string>>();
  EXPECT_THAT(warnings, testing::UnorderedElementsAre(
                            testing::Pair("v1", HasSubstr("from 64x48 to 128x48 pixels")),
                            testing::Pair("v2", HasSubstr("from 64x48 to 128x48 pixels"))));
  EXPECT_EQ(report.at("num_videos"), 7);
  EXPECT_EQ(report.at("workers"), 3) << "one of each task";
}

TEST(PrepVideosTest, KeepsTruncatedVideosOnlyWhereAllowed) {
  const TemporaryFolder folder;
  WriteVideo(folder / "whole.avi", 90);
  // Cuts off the index at the end and half of the frames' bytes.
  const std::string bytes = test::ReadBytes(folder / "whole.avi");
  const size_t frames_end = bytes.find("idx1");
  ASSERT_NE(frames_end, std::string::npos);
  test::WriteBytes(folder / "cut.avi", bytes.substr(0, 5700 + (frames_end - 5700) / 2));
  Manifest manifest;
  manifest.videos = {Row("cut", "cut.avi")};
  WriteManifest(folder / "videos.tsv", manifest);
  PrepVideosOptions options = Options(folder / "videos.tsv", folder / "out");
  EXPECT_EQ(RunPrepVideos(options).num_failed, 1);
  EXPECT_THAT(ReadFile(folder / "out" / "failed.tsv"), HasSubstr("truncated: "));
  EXPECT_THAT(ReadFile(folder / "out" / "failed.tsv"), HasSubstr(" frames decoded"));
  EXPECT_TRUE(Outputs(folder / "out").empty());

  options = Options(folder / "videos.tsv", folder / "allowed");
  options.allow_truncated = true;
  const PrepVideosReport report = RunPrepVideos(options);
  EXPECT_EQ(report.num_done, 1);
  EXPECT_EQ(report.num_truncated, 1);
  EXPECT_GT(report.num_frames, 5);
  EXPECT_LT(report.num_frames, 88);
}

TEST(PrepVideosTest, ContinuesWithWhatIsNotThereOrNotWhole) {
  const TemporaryFolder folder;
  const fs::path manifest = WriteGoodVideos(folder);
  const PrepVideosOptions options = Options(manifest, folder / "out");
  RunPrepVideos(options);
  const auto expected = Outputs(folder / "out");
  EXPECT_EQ(RunPrepVideos(options).num_skipped, 7);

  fs::remove(folder / "out" / "v3.mkv");
  test::WriteBytes(folder / "out" / "v4.mkv", expected.at("v4.mkv").substr(0, 999));
  const PrepVideosReport report = RunPrepVideos(options);
  EXPECT_EQ(report.num_done, 2);
  EXPECT_EQ(report.num_skipped, 5);
  EXPECT_EQ(Outputs(folder / "out"), expected);

  PrepVideosOptions other = options;
  other.preparation.quality = 70;
  EXPECT_THROW(RunPrepVideos(other), Error);
  other.overwrite = true;
  EXPECT_EQ(RunPrepVideos(other).num_done, 7);
  EXPECT_NE(Outputs(folder / "out"), expected);
}

// A video is made again if its source, its part or the settings differ, although its name is the
// same.
TEST(PrepVideosTest, KeepsNothingThatWasMadeOfSomethingElse) {
  const TemporaryFolder folder;
  const fs::path path = WriteGoodVideos(folder);
  PrepVideosOptions options = Options(path, folder / "out");
  RunPrepVideos(options);
  Manifest manifest = ReadManifest(path);
  manifest.videos[2].begin_s = 0.5;
  manifest.videos[5].path = "v4.mp4";
  WriteManifest(path, manifest);
  EXPECT_EQ(RunPrepVideos(options).num_done, 2);
  WriteVideo(folder / "v6.mp4", 5);
  EXPECT_EQ(RunPrepVideos(options).num_done, 1);
  // A run with --overwrite that is killed before its first video leaves the folder in this state.
  options.preparation.quality = 70;
  WriteFileAtomically(folder / "out" / "settings.ini", FormatConfig(options, /*only_output=*/true));
  EXPECT_EQ(RunPrepVideos(options).num_done, 7);
}

TEST(PrepVideosTest, KilledAtAnyMomentItGoesOnToTheSameBytes) {
  const TemporaryFolder folder;
  const fs::path manifest = WriteGoodVideos(folder);
  RunPrepVideos(Options(manifest, folder / "undisturbed"));
  const auto expected = Outputs(folder / "undisturbed");
  const std::string out_dir = (folder / "killed").string();
  const std::vector<std::string> command = {test::ToolPath("prep-videos").string(),
                                            "--height",
                                            "32",
                                            "--threads",
                                            "2",
                                            manifest.string(),
                                            out_dir};
  Rng rng(1);
  int num_hit = 0;
  for (int round = 0; num_hit < 50 && round < 500; ++round) {
    const bool hit = test::RunAndKill(command, out_dir, rng.Uniform(0.002, 0.1));
    num_hit += hit ? 1 : 0;
    if (fs::exists(out_dir)) {
      for (const auto& [name, bytes] : Outputs(out_dir)) {
        if (name.front() != '.') {
          EXPECT_TRUE(bytes == expected.at(name)) << name << " is half done";
        }
      }
    }
    if (!hit || num_hit % 10 == 0) {
      const test::CommandResult result = test::RunCommand(command);
      EXPECT_EQ(result.exit_status, 0) << result.err;
      EXPECT_EQ(Outputs(out_dir), expected);
      fs::remove_all(out_dir);
    }
  }
  EXPECT_EQ(num_hit, 50);
}

TEST(PrepVideosTest, AFullDiskIsNoVideosFaultAndDoesNoHarm) {
  const TemporaryFolder folder;
  const fs::path manifest = WriteGoodVideos(folder);
  RunPrepVideos(Options(manifest, folder / "undisturbed"));
  test::ExpectFullDiskDoesNoHarm({test::ToolPath("prep-videos").string(), "--height", "32",
                                  "--threads", "2", manifest.string()},
                                 folder / "out", Outputs(folder / "undisturbed"), Outputs);
}

// Workers end when the tool is killed, even a worker that hangs.
TEST(PrepVideosTest, WorkersEndWithTheTool) {
  const TemporaryFolder folder;
  const fs::path manifest = WriteGoodVideos(folder);
  const std::string out_dir = (folder / "out").string();
  const std::string mark = "REEL3D_TEST_MARK=" + out_dir;
  const auto workers = [&] {
    const std::vector<int> marked = test::FindProcesses(mark);
    std::vector<int> both;
    for (const int process : test::FindProcesses(kPrepWorkerArgument)) {
      if (std::count(marked.begin(), marked.end(), process) != 0) {
        both.push_back(process);
      }
    }
    return both;
  };
  size_t num_stopped = 0;
  std::thread killer([&] {
    const auto busy = [&] {  // the first video is finished
      return fs::exists(out_dir) && !Outputs(out_dir).empty();
    };
    for (int wait = 0; wait < 3000 && !busy(); ++wait) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    for (const int process : workers()) {
      kill(process, SIGSTOP);
      ++num_stopped;
    }
    for (const int process : test::FindProcesses(out_dir)) {
      kill(process, SIGKILL);
    }
  });
  test::RunCommand({test::ToolPath("prep-videos").string(), "--height", "720", "--threads", "1",
                    manifest.string(), out_dir},
                   {mark});
  killer.join();
  EXPECT_EQ(num_stopped, 1U);
  for (int wait = 0; wait < 500 && !workers().empty(); ++wait) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(workers().empty());
}

}  // namespace
}  // namespace reel3d
