// Runs pack-videos, alone and as several tasks with kills, beside prep-videos and pack-shards.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/data/manifest.h"
#include "lib/data/missing_files.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using Files = std::map<std::string, std::string>;
using Words = std::vector<std::string>;

constexpr int kNumVideos = 14;
constexpr int kBroken = 3;
constexpr int kWidth = 160, kHeight = 120;

// Frames of noise, so that a group of five videos fills more than one shard of 1 MiB.
test::PaintFrame Noise(uint64_t seed) {
  return [seed](int number, std::vector<uint8_t>* pixels) {
    Rng rng(seed, static_cast<uint64_t>(number));
    for (int i = 0; i < kWidth * kHeight; ++i) {
      (*pixels)[static_cast<size_t>(i)] = static_cast<uint8_t>(rng.Below(256));
    }
  };
}

class PackVideosTest : public testing::Test {
 protected:
  // Rows 4 and 5 are parts of one file, so the groups of five rows begin at rows 0, 6 and 11.
  PackVideosTest() {
    for (int i = 0; i < kNumVideos; ++i) {
      VideoRow row;
      row.id = fmt::format("v{:02}", i);
      row.path = fmt::format("v{:02}.mkv", i == 5 ? 4 : i);
      row.label = i % 2 == 0 ? "jump" : "wave";
      row.subset = i % 4 == 0 ? Subset::kValidation : Subset::kTraining;
      if (i == 4 || i == 5) {
        row.begin_s = i == 4 ? 0 : 0.3;
        row.end_s = i == 4 ? 0.8 : 1.2;
      }
      manifest_.videos.push_back(row);
      if (i != 5) {
        WriteVideo(i);
      }
    }
    WriteFileAtomically(folder_ / "v03.mkv", "no video");
    WriteManifest(folder_ / "videos.tsv", manifest_);
    WriteClasses(folder_ / "classes.txt", {"jump", "wave"});
    WriteFileAtomically(
        MissingFilesPath(folder_ / "videos.tsv"),
        FormatMissingFiles({{"a_lost_one", "jump", Subset::kValidation, "not on disk"}}));
    fs::create_directory(folder_ / "scratch");
  }

  // Video 12, of validation, is a copy of video 2, of training.
  void WriteVideo(int i) const {
    const int painted = i == 12 ? 2 : i;
    test::WriteSample(folder_ / fmt::format("v{:02}.mkv", i), test::Lossless(kWidth, kHeight),
                      12 + painted, Noise(static_cast<uint64_t>(painted)));
  }

  Words Command(const std::string& tool, const Words& options, const Words& folders) const {
    Words command = {test::ToolPath(tool).string(), "--max-failed-fraction", "0.5", "--threads",
                     "2"};
    command.insert(command.end(), options.begin(), options.end());
    command.push_back((folder_ / "videos.tsv").string());
    for (const std::string& name : folders) {
      command.push_back((folder_ / name).string());
    }
    return command;
  }
  Words PackVideos(const std::string& out, const Words& more = {}) const {
    Words options = {"--height",       "120", "--shard-size", "1",
                     "--group-videos", "5",   "--scratch",    (folder_ / "scratch").string()};
    options.insert(options.end(), more.begin(), more.end());
    return Command("pack-videos", options, {out});
  }
  static test::CommandResult Succeed(const Words& command) {
    test::CommandResult result = test::RunCommand(command);
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return result;
  }
  // Returns the results of prep-videos and pack-shards.
  Files TwoSteps(const std::string& name) const {
    Succeed(Command("prep-videos", {"--height", "120"}, {name + "-prepared"}));
    Succeed(Command("pack-shards", {"--shard-size", "1", "--group-videos", "5"},
                    {name + "-prepared", name}));
    return Results(name);
  }
  // Returns the files of a folder, without those that name the tool or hold times.
  Files Results(const std::string& name) const {
    Files files;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / name)) {
      const std::string file = entry.path().filename().string();
      if (entry.is_regular_file() && file != "report.json" && file != "config.ini" &&
          file != "settings.ini") {
        files[file] = test::ReadBytes(entry.path());
      }
    }
    return files;
  }
  static Words NamesOf(const Files& files) {
    Words names;
    for (const auto& [name, bytes] : files) {
      names.push_back(name);
    }
    return names;
  }
  // Compares without printing the bytes of shards.
  static void ExpectEqual(const Files& found, const Files& expected) {
    EXPECT_EQ(NamesOf(found), NamesOf(expected));
    for (const auto& [name, bytes] : expected) {
      const auto other = found.find(name);
      EXPECT_TRUE(other != found.end() && other->second == bytes) << name << " differs";
    }
  }
  bool ScratchIsEmpty() const { return fs::is_empty(folder_ / "scratch"); }

  test::TemporaryFolder folder_;
  Manifest manifest_;
};

TEST_F(PackVideosTest, OneTaskGivesTheShardsOfTwoSteps) {
  const Files expected = TwoSteps("two");
  EXPECT_THAT(NamesOf(expected),
              ElementsAre("00000.h5", "00001.h5", "00006.h5", "00007.h5", "00011.h5", "DONE",
                          "classes.txt", "failed.tsv", "index.bin", "index.tsv", "missing.tsv",
                          "passport.json", "same_content.tsv", "shards.tsv"));
  EXPECT_THAT(expected.at("failed.tsv"), HasSubstr("v03\tprep\t"));
  EXPECT_THAT(expected.at("failed.tsv"), HasSubstr("a_lost_one\tprep\tnot on disk"));
  const test::CommandResult first = Succeed(PackVideos("one"));
  EXPECT_THAT(first.out, HasSubstr("13 of 15 videos packed"));
  EXPECT_THAT(first.out, HasSubstr("in 5 shards of 3 groups (0 kept); 2 not prepared, 0 failed"));
  ExpectEqual(Results("one"), expected);
  EXPECT_TRUE(ScratchIsEmpty());
  // Again: everything is kept, and only the broken video is tried.
  EXPECT_THAT(Succeed(PackVideos("one")).out, HasSubstr("(3 kept)"));
  ExpectEqual(Results("one"), expected);
}

TEST_F(PackVideosTest, TasksThatAreKilledGiveTheSameBytes) {
  const Files expected = TwoSteps("two");
  const Words shared = PackVideos("shared", {"--share-work", "100"});
  for (int kills = 0; kills < 6; ++kills) {
    test::RunAndKill(shared, (folder_ / "shared").string(), 0.04 * (kills + 1));
  }
  std::vector<std::thread> tasks;
  std::vector<test::CommandResult> results(3);
  for (test::CommandResult& result : results) {
    tasks.emplace_back([&] { result = test::RunCommand(shared); });
  }
  for (std::thread& task : tasks) {
    task.join();
  }
  for (const test::CommandResult& result : results) {
    EXPECT_EQ(result.exit_status, 0) << result.err;
  }
  ExpectEqual(Results("shared"), expected);
  EXPECT_TRUE(ScratchIsEmpty());
  EXPECT_FALSE(fs::exists(folder_ / "shared/leases"));
}

TEST_F(PackVideosTest, FixedSharesGiveTheSameBytes) {
  const Files expected = TwoSteps("two");
  for (const char* task : {"1", "2", "0"}) {
    Succeed(PackVideos("fixed", {"--tasks", "3", "--task", task}));
  }
  ExpectEqual(Results("fixed"), expected);
}

// A shard that was removed, and a record that was damaged, are made again.
TEST_F(PackVideosTest, WhatIsLostIsMadeAgain) {
  const Files expected = TwoSteps("two");
  for (const Words& how : {Words{}, Words{"--share-work", "3"}}) {
    const std::string out = how.empty() ? "alone" : "shared";
    Succeed(PackVideos(out, how));
    fs::remove(folder_ / out / "00007.h5");
    fs::remove(folder_ / out / "DONE");
    WriteFileAtomically(folder_ / out / "groups/00011.json", "{\"format\": \"reel3d-group\"}");
    const test::CommandResult again = Succeed(PackVideos(out, how));
    EXPECT_THAT(again.err, HasSubstr("00011.json"));
    ExpectEqual(Results(out), expected);
  }
}

TEST_F(PackVideosTest, AMendedVideoIsPackedByTheSameCommand) {
  Succeed(PackVideos("out"));
  WriteVideo(kBroken);
  const std::string text = Succeed(PackVideos("out")).out;
  EXPECT_THAT(text, HasSubstr("14 of 15 videos packed"));
  EXPECT_THAT(text, HasSubstr("(2 kept)"));
  ExpectEqual(Results("out"), TwoSteps("two"));
}

// Once a group is packed, the sources of its videos may be removed, even if some of them failed.
TEST_F(PackVideosTest, SourcesMayBeRemovedAfterwards) {
  Succeed(PackVideos("out"));
  const Files before = Results("out");
  fs::remove(folder_ / "v00.mkv");
  WriteVideo(kBroken);
  WriteVideo(8);
  EXPECT_THAT(Succeed(PackVideos("out")).out, HasSubstr("(3 kept)"));
  ExpectEqual(Results("out"), before);
}

TEST_F(PackVideosTest, AVideoThatChangesIsPackedAgain) {
  Succeed(PackVideos("out"));
  test::WriteSample(folder_ / "v08.mkv", test::Lossless(kWidth, kHeight), 30, Noise(99));
  EXPECT_THAT(Succeed(PackVideos("out")).out, HasSubstr("(2 kept)"));
  ExpectEqual(Results("out"), TwoSteps("two"));
}

TEST_F(PackVideosTest, OtherGroupsReplaceTheOldOnes) {
  Succeed(PackVideos("out", {"--group-videos", "3"}));
  EXPECT_TRUE(fs::exists(folder_ / "out/groups/00003.json"));
  const test::CommandResult refused = test::RunCommand(PackVideos("out"));
  EXPECT_EQ(refused.exit_status, kExitUsage);
  EXPECT_THAT(refused.err, HasSubstr("'group-videos = 3' there, 'group-videos = 5' now"));
  Succeed(PackVideos("out", {"--overwrite"}));
  EXPECT_FALSE(fs::exists(folder_ / "out/groups/00003.json"));
  ExpectEqual(Results("out"), TwoSteps("two"));
}

// If too many videos fail, the same command tries them again, also when the work is shared.
TEST_F(PackVideosTest, TooManyFailuresLeaveTheStageUnfinished) {
  const Words strict = PackVideos("out", {"--share-work", "3", "--max-failed-fraction", "0"});
  EXPECT_EQ(test::RunCommand(strict).exit_status, kExitInput);
  EXPECT_FALSE(fs::exists(folder_ / "out/DONE"));
  EXPECT_THAT(test::ReadBytes(folder_ / "out/failed.tsv"), HasSubstr("v03\tprep\t"));
  WriteVideo(kBroken);
  Succeed(strict);
  ExpectEqual(Results("out"), TwoSteps("two"));
}

TEST_F(PackVideosTest, AScratchFolderThatIsNotThereIsNamed) {
  fs::remove(folder_ / "scratch");
  const test::CommandResult result = test::RunCommand(PackVideos("out"));
  EXPECT_EQ(result.exit_status, kExitEnvironment);
  EXPECT_THAT(result.err, HasSubstr("scratch: no such folder on this host: make it"));
}

// Prepared files that vanish are a fault of the host, and cost no video.
TEST_F(PackVideosTest, AScratchFolderThatDisappearsCostsNoVideo) {
  const Files expected = TwoSteps("two");
  std::atomic<bool> is_over{false};
  std::thread remover([&] {
    while (!is_over) {
      std::error_code busy;
      for (const auto& entry : fs::directory_iterator(folder_ / "scratch", busy)) {
        for (const auto& file : fs::directory_iterator(entry.path(), busy)) {
          fs::remove(file.path(), busy);
        }
      }
    }
  });
  const test::CommandResult result = test::RunCommand(PackVideos("out"));
  is_over = true;
  remover.join();
  EXPECT_EQ(result.exit_status, kExitEnvironment) << result.err;
  EXPECT_THAT(result.err, HasSubstr("scratch"));
  EXPECT_FALSE(fs::exists(folder_ / "out/DONE"));
  EXPECT_FALSE(fs::exists(folder_ / "out/groups/00000.json"));
  Succeed(PackVideos("out"));
  ExpectEqual(Results("out"), expected);
}

TEST_F(PackVideosTest, AFullScratchFolderCostsNoVideo) {
  const Files expected = TwoSteps("two");
  const std::string scratch = (folder_ / "scratch").string();
  Words small = {"unshare", "--map-root-user",
                 "--mount", "sh",
                 "-c",      "mount -t tmpfs -o size=300k tmpfs \"$0\" && exec \"$@\"",
                 scratch};
  if (test::RunCommand(
          {"unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", scratch})
          .exit_status != 0) {
    GTEST_SKIP() << "this user may not mount";
  }
  const Words command = PackVideos("out");
  small.insert(small.end(), command.begin(), command.end());
  const test::CommandResult result = test::RunCommand(small);
  EXPECT_EQ(result.exit_status, kExitEnvironment) << result.err;
  EXPECT_THAT(result.err, HasSubstr("No space left on device; free some space"));
  EXPECT_THAT(result.err, HasSubstr("--scratch must hold 6 prepared videos: name a larger disk"));
  EXPECT_TRUE(fs::is_empty(folder_ / "out/groups"));
  Succeed(command);
  ExpectEqual(Results("out"), expected);
}

TEST_F(PackVideosTest, ARequestToStopLeavesNothingInScratch) {
  const Words shared = PackVideos("out", {"--share-work", "3"});
  const std::string leases = (folder_ / "out/leases").string();
  Words command = {"sh", "-c",
                   "\"$@\" & until ls \"$0\"/0*.lease; do sleep 0.01; done; kill -TERM $!; wait $!",
                   leases};
  command.insert(command.end(), shared.begin(), shared.end());
  const test::CommandResult result = test::RunCommand(command);
  EXPECT_EQ(result.exit_status, kExitStoppedEarly) << result.err;
  EXPECT_TRUE(ScratchIsEmpty());
}

}  // namespace
}  // namespace reel3d
