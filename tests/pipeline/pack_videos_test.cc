// Runs pack-videos, alone and as several tasks with kills, beside prep-videos and pack-shards.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/pipeline/packed_groups.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using test::Files;
using test::kBroken;
using test::kHeight;
using test::kWidth;
using test::Noise;
using test::PackVideosTest;
using test::Words;
using testing::ElementsAre;
using testing::HasSubstr;

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
  for (const test::CommandResult& result : test::RunAtOnce(shared, 3)) {
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
  Words command = {
      "sh", "-c",
      "\"$@\" & n=0; until ls \"$0\"/0*.lease || [ $((n += 1)) = 6000 ]; do sleep 0.01; done; "
      "kill -TERM $!; wait $!",
      leases};
  command.insert(command.end(), shared.begin(), shared.end());
  const test::CommandResult result = test::RunCommand(command);
  EXPECT_EQ(result.exit_status, kExitStoppedEarly) << result.err;
  EXPECT_TRUE(ScratchIsEmpty());
}

}  // namespace
}  // namespace reel3d
