// Runs pack-videos again on folders that are packed, after the videos or their list have changed.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/pipeline/full_disk.h"
#include "tests/pipeline/packed_groups.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using test::Files;
using test::PackVideosTest;
using test::Words;
using testing::HasSubstr;

class PackVideosAgainTest : public PackVideosTest {
 protected:
  // Returns the shards and records of the folder "out".
  Files ShardsAndRecords() const {
    Files files;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder_ / "out")) {
      const std::string name = fs::relative(entry.path(), folder_ / "out").string();
      if (entry.path().extension() == ".h5" || name.rfind("groups/", 0) == 0) {
        files[name] = test::ReadBytes(entry.path());
      }
    }
    return files;
  }
  // Packs the videos again, alone and with shared work. Both must refuse it, and change no shard.
  void ExpectRefused(const std::string& message) const {
    const Files before = ShardsAndRecords();
    for (const Words& how : {Words{}, Words{"--share-work", "3"}}) {
      const test::CommandResult refused = test::RunCommand(PackVideos("out", how));
      EXPECT_EQ(refused.exit_status, kExitInput) << refused.err;
      EXPECT_THAT(refused.err, HasSubstr(message));
      ExpectEqual(ShardsAndRecords(), before);
      EXPECT_TRUE(ScratchIsEmpty());
    }
  }
};

TEST_F(PackVideosAgainTest, ALabelThatChangesAfterSourcesAreGoneDestroysNothing) {
  Succeed(PackVideos("out"));
  fs::remove(folder_ / "v00.mkv");
  fs::remove(folder_ / "v02.mkv");
  manifest_.videos[1].label = "jump";
  WriteManifest(folder_ / "videos.tsv", manifest_);
  ExpectRefused("00000.h5: video 'v00' (one of 2) is packed there, and its file ");
  ExpectRefused("v00.mkv is gone; packing rows 1 to 6 of the manifest again would lose it");
  Succeed(PackVideos("out", {"--overwrite"}));
  ExpectEqual(Results("out"), TwoSteps("two"));
}

TEST_F(PackVideosAgainTest, AShardIsKeptIfAnotherOfItsGroupIsLostAndSourcesAreGone) {
  Succeed(PackVideos("out"));
  fs::remove(folder_ / "v00.mkv");
  fs::remove(folder_ / "out/00001.h5");
  ExpectRefused("00000.h5: video 'v00' is packed there");
}

// Later groups begin at other rows then, and their videos are in shards of other groups.
TEST_F(PackVideosAgainTest, ARowThatIsRemovedAfterSourcesAreGoneDestroysNothing) {
  Succeed(PackVideos("out"));
  fs::remove(folder_ / "v13.mkv");
  manifest_.videos.erase(manifest_.videos.begin());
  WriteManifest(folder_ / "videos.tsv", manifest_);
  const std::string last = test::ReadBytes(folder_ / "out/00011.h5");
  const test::CommandResult refused = test::RunCommand(PackVideos("out"));
  EXPECT_EQ(refused.exit_status, kExitInput) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("00011.h5: video 'v13' is packed there"));
  EXPECT_EQ(test::ReadBytes(folder_ / "out/00011.h5"), last);
}

TEST_F(PackVideosAgainTest, ARowThatIsRemovedMovesTheLaterGroups) {
  Succeed(PackVideos("out"));
  manifest_.videos.erase(manifest_.videos.begin());
  WriteManifest(folder_ / "videos.tsv", manifest_);
  EXPECT_THAT(Succeed(PackVideos("out")).out, HasSubstr("(0 kept)"));
  ExpectEqual(Results("out"), TwoSteps("two"));
}

// Shards that nothing describes any more stay until the stage is complete.
TEST_F(PackVideosAgainTest, NoShardIsRemovedIfTooManyVideosFail) {
  Succeed(PackVideos("out"));
  for (const char* name : {"v11.mkv", "v12.mkv", "v13.mkv"}) {
    WriteFileAtomically(folder_ / name, "no video");
  }
  EXPECT_EQ(test::RunCommand(PackVideos("out", {"--max-failed-fraction", "0.2"})).exit_status,
            kExitInput);
  EXPECT_FALSE(fs::exists(folder_ / "out/DONE"));
  EXPECT_TRUE(fs::exists(folder_ / "out/00011.h5"));
  Succeed(PackVideos("out"));
  EXPECT_FALSE(fs::exists(folder_ / "out/00011.h5"));
  ExpectEqual(Results("out"), TwoSteps("two"));
}

// The folder of shards is complete, and a wrong command leaves it so.
TEST_F(PackVideosAgainTest, ACommandThatIsRefusedLeavesTheShardsComplete) {
  Succeed(PackVideos("out"));
  EXPECT_EQ(test::RunCommand(PackVideos("out", {"--scratch", "/no/such/folder"})).exit_status,
            kExitEnvironment);
  EXPECT_TRUE(fs::exists(folder_ / "out/DONE"));
  WriteManifest(folder_ / "videos.tsv", {});
  EXPECT_EQ(test::RunCommand(PackVideos("out")).exit_status, kExitInput);
  EXPECT_TRUE(fs::exists(folder_ / "out/DONE"));
  manifest_.videos[0].id = "a_lost_one";
  WriteManifest(folder_ / "videos.tsv", manifest_);
  const test::CommandResult twice = test::RunCommand(PackVideos("out"));
  EXPECT_THAT(twice.err, HasSubstr("stands both in the manifest and in its table"));
  EXPECT_TRUE(fs::exists(folder_ / "out/DONE"));
}

// One task stands still with a video that failed, and another packs the group meanwhile with that
// video mended. The first one must not replace what the second one has put in the tables.
TEST_F(PackVideosAgainTest, ATaskThatStoodStillKeepsWhatAnotherHasPacked) {
  constexpr const char* kStandStill =
      "\"$@\" & n=0; until [ -n \"$(find \"$0/scratch\" -name 'v10*')\" ] || [ $((n += 1)) = 20000 "
      "]; do :; done; "
      "kill -STOP $!; touch \"$0/stands\"; until [ -e \"$0/go\" ]; do sleep 0.01; done; "
      "kill -CONT $!; wait $!";
  for (const Words& how : {Words{}, Words{"--share-work", "3", "--lease-timeout", "2"}}) {
    const std::string out = how.empty() ? "alone" : "shared";
    WriteFileAtomically(folder_ / "v08.mkv", "no video");
    Words slow = {"sh", "-c", kStandStill, folder_.path().string()};
    const Words command = PackVideos(out, how);
    slow.insert(slow.end(), command.begin(), command.end());
    test::CommandResult first;
    std::thread task([&] { first = test::RunCommand(slow); });
    while (!fs::exists(folder_ / "stands")) {
      std::this_thread::yield();
    }
    WriteVideo(8);
    EXPECT_THAT(Succeed(command).out, HasSubstr("13 of 15 videos packed"));
    WriteFileAtomically(folder_ / "go", "");
    task.join();
    EXPECT_EQ(first.exit_status, 0) << first.err;
    EXPECT_TRUE(fs::exists(folder_ / out / "DONE"));
    ExpectEqual(Results(out), TwoSteps("two"));
    fs::remove(folder_ / "stands");
    fs::remove(folder_ / "go");
  }
}

// Tasks that publish at the same moment may leave shards of one and the record of another.
TEST_F(PackVideosAgainTest, ARecordThatDoesNotDescribeItsShardsIsNotBelieved) {
  Succeed(PackVideos("out"));
  const fs::path record = folder_ / "out/groups/00006.json";
  std::string text = test::ReadBytes(record);
  const size_t uuid = text.find("\"", text.find("\"shards\"") + 10) + 1;
  text.replace(uuid, 8, "00000000");
  WriteFileAtomically(record, text);
  const test::CommandResult again = test::RunCommand(PackVideos("out"));
  EXPECT_EQ(again.exit_status, kExitEnvironment) << again.err;
  EXPECT_THAT(again.err, HasSubstr("00006.json: did not describe the shards of its group"));
  EXPECT_FALSE(fs::exists(folder_ / "out/DONE"));
  EXPECT_THAT(Succeed(PackVideos("out")).out, HasSubstr("(2 kept)"));
  ExpectEqual(Results("out"), TwoSteps("two"));
}

// The task that does a group removes what tasks that were killed, on any host, have left of it.
TEST_F(PackVideosAgainTest, UnfinishedShardsOfKilledTasksAreRemoved) {
  fs::create_directory(folder_ / "out");
  const fs::path left = folder_ / "out/.00007.h5.tmp-otherhost-1-0";
  WriteFileAtomically(left, "");
  Succeed(PackVideos("out", {"--task", "1", "--tasks", "3"}));
  EXPECT_FALSE(fs::exists(left));
}

TEST_F(PackVideosAgainTest, IfAllVideosFailTheSameCommandTriesThemAgain) {
  for (int i = 0; i < test::kNumVideos; ++i) {
    fs::remove(folder_ / fmt::format("v{:02}.mkv", i));
  }
  const Words lenient = PackVideos("out", {"--share-work", "3", "--max-failed-fraction", "1"});
  const test::CommandResult none = test::RunCommand(lenient);
  EXPECT_EQ(none.exit_status, kExitInput) << none.err;
  EXPECT_THAT(none.err, HasSubstr("none of the 14 videos"));
  WriteVideo(8);
  EXPECT_THAT(Succeed(lenient).out, HasSubstr("1 of 15 videos packed"));
}

TEST_F(PackVideosAgainTest, AFullDiskOfShardsDoesNoHarm) {
  fs::create_directory(folder_ / "disk");
  if (test::RunCommand({"unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs",
                        (folder_ / "disk").string()})
          .exit_status != 0) {
    GTEST_SKIP() << "this user may not mount";
  }
  const auto contents = [&](const fs::path& folder) {
    Files files;
    for (const auto& [name, bytes] : Results(fs::relative(folder, folder_.path()).string())) {
      if (fs::path(name).extension() == ".h5" || name == "index.tsv" || name == "DONE") {
        files[name] = bytes;
      }
    }
    return files;
  };
  TwoSteps("two");
  Words command = PackVideos("disk");
  command.pop_back();
  test::ExpectFullDiskDoesNoHarm(command, folder_ / "disk/out", contents(folder_ / "two"),
                                 contents);
}

}  // namespace
}  // namespace reel3d
