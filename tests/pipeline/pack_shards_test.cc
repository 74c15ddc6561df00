// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/pack_shards.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <map>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/data/manifest.h"
#include "lib/shard/data_doubts.h"
#include "lib/shard/shard_set.h"
#include "lib/video/prepared_video.h"
#include "pipeline/support/item_loop.h"
#include "tests/frames/jpeg_pictures.h"
#include "tests/pipeline/full_disk.h"
#include "tests/pipeline/packed_videos.h"
#include "tests/test_support.h"

namespace reel3d::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class PackShardsTest : public PackedVideos {};

TEST_F(PackShardsTest, EveryFrameArrives) {
  const PackShardsReport report = RunPackShards(options_);
  EXPECT_EQ(report.num_packed, kNumVideos);
  EXPECT_EQ(report.num_failed + report.num_not_prepared, 0);
  EXPECT_FALSE(report.over_tolerance);
  EXPECT_GE(report.num_shards, 3);
  const ShardSet shards(options_.out_dir);
  ASSERT_EQ(shards.videos().size(), static_cast<size_t>(kNumVideos));
  std::vector<uint8_t> jpeg;
  for (int video = 0; video < kNumVideos; ++video) {
    const IndexedVideo row = shards.videos()[static_cast<size_t>(video)];
    EXPECT_EQ(row.id, rows_.videos[static_cast<size_t>(video)].id);
    EXPECT_EQ(row.label, video % 3 == 0 ? 1 : 0);
    EXPECT_EQ(row.subset, video % 4 == 0 ? Subset::kValidation : Subset::kTraining);
    EXPECT_EQ(row.num_frames, 8 + video % 4);
    EXPECT_EQ(row.fps, 25);
    for (int frame = 0; frame < row.num_frames; ++frame) {
      shards.ReadFrame(static_cast<size_t>(video), frame, &jpeg);
      EXPECT_EQ(jpeg, Frame(video, frame));
    }
  }
}

TEST_F(PackShardsTest, ThreadsAndOverwriteDoNotChangeAByte) {
  options_.threads = 1;
  RunPackShards(options_);
  const Files one = Contents(options_.out_dir);
  for (const int threads : {2, 5}) {
    options_.threads = threads;
    options_.out_dir = (folder_ / fmt::format("shards{}", threads)).string();
    RunPackShards(options_);
    EXPECT_THAT(Differences(Contents(options_.out_dir), one), IsEmpty());
  }
  options_.overwrite = true;
  EXPECT_EQ(RunPackShards(options_).num_shards_kept, 0);
  EXPECT_THAT(Differences(Contents(options_.out_dir), one), IsEmpty());
}

TEST_F(PackShardsTest, KeepsWhatIsUpToDateAndRedoesWhatIsNot) {
  const int64_t num_shards = RunPackShards(options_).num_shards;
  EXPECT_EQ(RunPackShards(options_).num_shards_kept, num_shards);

  const Files before = Contents(options_.out_dir);
  Prepare(kNumVideos - 1, 3);
  EXPECT_EQ(RunPackShards(options_).num_shards_kept, num_shards - 1);
  const Files after = Contents(options_.out_dir);
  EXPECT_THAT(Differences(before, after),
              ElementsAre(fmt::format("{:05}.h5", num_shards - 1), "DONE", "index.bin", "index.tsv",
                          "passport.json", "shards.tsv"));

  const fs::path damaged = fs::path(options_.out_dir) / "00000.h5";
  fs::resize_file(damaged, fs::file_size(damaged) / 2);
  EXPECT_EQ(RunPackShards(options_).num_shards_kept, num_shards - 1);
  EXPECT_THAT(Differences(Contents(options_.out_dir), after), IsEmpty());
}

TEST_F(PackShardsTest, ShardsOfAnEarlierPlanGoAway) {
  RunPackShards(options_);
  EXPECT_THAT(Complaint(ErrorKind::kInput), "nothing was thrown");
  options_.shard_size = 64;
  EXPECT_THAT(Complaint(ErrorKind::kUsage), HasSubstr("--overwrite"));
  options_.overwrite = true;
  EXPECT_EQ(RunPackShards(options_).num_shards, 1);
  std::vector<std::string> names;
  for (const auto& [name, bytes] : Contents(options_.out_dir)) {
    names.push_back(name);
  }
  EXPECT_THAT(names,
              UnorderedElementsAre("00000.h5", "DONE", "classes.txt", "failed.tsv", "index.bin",
                                   "index.tsv", "missing.tsv", "passport.json", "shards.tsv"));
}

TEST_F(PackShardsTest, AListOfClassesMayComeFromWindowsOrAMac) {
  rows_.videos[1].label = "caf\xC3\xA9";
  WriteInputs();
  options_.classes = (folder_ / "bom.txt").string();
  WriteFileAtomically(options_.classes, "\xEF\xBB\xBFjump\r\nwave\r\ncafe\xCC\x81\r\n");
  EXPECT_EQ(RunPackShards(options_).num_packed, kNumVideos);
  EXPECT_EQ(ShardSet(options_.out_dir).videos()[1].label, 2);
}

TEST_F(PackShardsTest, BadVideosAreListedAndTheOthersPacked) {
  WriteFileAtomically(Prepared("video01.mkv"), "not a video");
  const std::string whole = ReadFile(Prepared("video05.mkv"));
  WriteFileAtomically(Prepared("video05.mkv"), whole.substr(0, whole.size() / 2));
  fs::remove(Prepared("video07.mkv"));
  fs::remove(Prepared("video08.mkv"));
  Prepare(10, 0);
  WriteFileAtomically(Prepared("failed.tsv"),
                      FormatFailedItems({{"video07", "prep", "it is a text file"}}));
  options_.max_failed_fraction = 1;
  const PackShardsReport report = RunPackShards(options_);
  EXPECT_EQ(report.num_packed, kNumVideos - 5);
  EXPECT_EQ(report.num_failed, 4);
  EXPECT_EQ(report.num_not_prepared, 1);
  const fs::path failed_tsv = fs::path(options_.out_dir) / "failed.tsv";
  std::vector<std::string> failed;
  for (const FailedItem& item : ParseFailedItems(ReadFile(failed_tsv), "")) {
    failed.push_back(item.id + " " + item.stage);
    EXPECT_NE(item.reason, "");
  }
  EXPECT_THAT(failed, ElementsAre("video01 pack", "video05 pack", "video07 prep", "video08 pack",
                                  "video10 pack"));
  EXPECT_THAT(ReadFile(failed_tsv), HasSubstr("it is a text file"));
  const ShardSet shards(options_.out_dir);
  // Every fourth of the twelve videos is held out. One held-out video is missing: video08.
  EXPECT_EQ(shards.NumMissing(Subset::kValidation), 1);
  EXPECT_EQ(shards.NumMissing(Subset::kTraining), 4);
  std::vector<uint8_t> jpeg;
  shards.ReadFrame(1, 0, &jpeg);
  EXPECT_EQ(shards.videos()[1].id, "video02");
  EXPECT_EQ(jpeg, Frame(2, 0));

  options_.max_failed_fraction = 0.3;  // 4 failures of 12 are more
  EXPECT_TRUE(RunPackShards(options_).over_tolerance);
  EXPECT_FALSE(fs::exists(fs::path(options_.out_dir) / "DONE"));
}

TEST_F(PackShardsTest, FramesThatDoNotFitTheirVideoAreRefused) {
  PreparedVideoWriter writer(Prepared("video03.mkv"), {kWidth, kHeight, 25, 1});
  writer.Write(Frame(3, 0), 0);
  writer.Write(test::MakeJpeg({kHeight, kWidth}, 0), 0.04);
  writer.Finish();
  options_.max_failed_fraction = 1;
  EXPECT_EQ(RunPackShards(options_).num_failed, 1);
  EXPECT_THAT(ReadFile(fs::path(options_.out_dir) / "failed.tsv"), HasSubstr("240 x 320"));
}

TEST_F(PackShardsTest, SaysWhatIsWrong) {
  fs::remove(Prepared("DONE"));
  EXPECT_THAT(Complaint(), HasSubstr("--allow-unfinished"));
  options_.allow_unfinished = true;
  fs::remove(Prepared("video00.mkv"));
  const PackShardsReport report = RunPackShards(options_);
  EXPECT_EQ(report.num_not_prepared, 1);
  EXPECT_FALSE(report.over_tolerance);

  AddRow("extra", "hop");
  WriteInputs();
  EXPECT_THAT(Complaint(), HasSubstr("video extra has class 'hop'"));
  options_.prepared_dir = (folder_ / "absent").string();
  EXPECT_THAT(Complaint(), HasSubstr("absent"));
  options_.manifest = options_.prepared_dir;
  EXPECT_THAT(Complaint(), HasSubstr("absent"));
}

TEST_F(PackShardsTest, NothingPreparedIsAnError) {
  for (int video = 0; video < kNumVideos; ++video) {
    fs::remove(Prepared(fmt::format("video{:02}.mkv", video)));
  }
  EXPECT_THAT(Complaint(), HasSubstr("none of the 12 videos"));
}

TEST_F(PackShardsTest, KilledAtAnyMomentItGoesOnToTheSameBytes) {
  RunPackShards(options_);
  const Files expected = Contents(options_.out_dir);
  const std::string out_dir = (folder_ / "killed").string();
  const std::vector<std::string> command = {test::ToolPath("pack-shards").string(),
                                            options_.manifest,
                                            options_.prepared_dir,
                                            out_dir,
                                            "--shard-size",
                                            "1",
                                            "--threads",
                                            "2"};
  Rng rng(1);
  int num_killed = 0;
  for (int round = 0; num_killed < 50 && round < 500; ++round) {
    std::vector<std::string> killed = {"timeout", "--foreground", "-s", "KILL",
                                       fmt::format("{:.4f}", rng.Uniform(0.002, 0.12))};
    killed.insert(killed.end(), command.begin(), command.end());
    const bool hit = test::RunCommand(killed).exit_status == 128 + SIGKILL;
    num_killed += hit ? 1 : 0;
    if (fs::exists(out_dir)) {
      for (const auto& [name, bytes] : Contents(out_dir)) {
        if (name.front() != '.' && expected.count(name) != 0) {
          EXPECT_TRUE(bytes == expected.at(name)) << name << " is half done";
        }
      }
    }
    if (!hit || num_killed % 10 == 0) {
      const test::CommandResult result = test::RunCommand(command);
      EXPECT_EQ(result.exit_status, 0) << result.err;
      EXPECT_THAT(Differences(Contents(out_dir), expected), IsEmpty());
      fs::remove_all(out_dir);
    }
  }
  EXPECT_EQ(num_killed, 50);
}

TEST_F(PackShardsTest, AFullDiskDoesNoHarm) {
  RunPackShards(options_);
  test::ExpectFullDiskDoesNoHarm({test::ToolPath("pack-shards").string(), options_.manifest,
                                  options_.prepared_dir, "--shard-size", "1", "--threads", "2"},
                                 folder_ / "full", Contents(options_.out_dir), Contents);
}

TEST_F(PackShardsTest, TheToolTellsFaultsByItsStatus) {
  const std::string tool = test::ToolPath("pack-shards").string();
  const auto status = [&](const std::vector<std::string>& more) {
    std::vector<std::string> command = {tool, options_.manifest, options_.prepared_dir,
                                        options_.out_dir};
    command.insert(command.end(), more.begin(), more.end());
    return test::RunCommand(command).exit_status;
  };
  EXPECT_EQ(status({}), kExitDone);
  EXPECT_EQ(status({"--shard-size", "0"}), kExitUsage);
  EXPECT_EQ(status({"--shard-size", "7"}), kExitUsage);
  WriteFileAtomically(Prepared("video01.mkv"), "not a video");
  EXPECT_EQ(status({}), kExitInput);
  EXPECT_EQ(status({"--max-failed-fraction", "1"}), kExitDone);
  fs::remove(Prepared("DONE"));
  EXPECT_EQ(status({}), kExitInput);
}

}  // namespace
}  // namespace reel3d::test
