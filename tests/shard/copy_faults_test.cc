// Reads copies of shards that others may have altered, that are opened again and again, and that
// cannot be read for a while.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <numeric>
#include <thread>

#include "lib/base/error.h"
#include "tests/open_count.h"
#include "tests/shard/copies_fixture.h"

namespace reel3d::test {
namespace {

using ::testing::HasSubstr;

TEST_F(CopiesTest, MayBeOpenedAgainAtOnce) {
  Copy();
  ShardCopies copies(options_.folder);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(copies.Open(shards_->UuidOf(0))) << i;
  }
  fs::rename(CopyOf(1), folder_ / "elsewhere");
  EXPECT_FALSE(copies.Open(shards_->UuidOf(1)));
  fs::rename(folder_ / "elsewhere", CopyOf(1));
  EXPECT_FALSE(copies.Open(shards_->UuidOf(1))) << "it looks once a second";
}

// Writes a folder of `count` shards. The videos of shard i have the suffix _i.
void WriteManyShards(const fs::path& folder, int count) {
  fs::create_directory(folder);
  std::vector<IndexedVideo> index;
  std::map<int, std::string> uuids;
  for (int number = 0; number < count; ++number) {
    SmallShard shard = MakeSmallShard();
    const std::string suffix = "_" + std::to_string(number);
    for (ShardVideo& video : shard.table.videos) {
      video.id += suffix;
    }
    WriteShard(folder / ShardFileName(number), shard);
    uuids[number] = ContentUuid(shard.table);
    index.push_back({number, 0, "first" + suffix, 1, Subset::kTraining, 5, 25});
    index.push_back({number, 1, "second" + suffix, -1, Subset::kTesting, 1, 25});
    index.push_back({number, 2, "third" + suffix, 0, Subset::kValidation, 3, 25});
  }
  WriteIndex(folder / "index.tsv", index);
  WriteShardList(folder / "shards.tsv", uuids);
  WriteClasses(folder / "classes.txt", {"jump", "wave"});
  WriteMissing(folder / "missing.tsv", {});
  WriteFileAtomically(folder / "DONE", FormatTableChecksums(folder));
}

// Returns how many of the frames that four threads read come from elsewhere than a copy.
int NumNotFromCopies(const ShardSet& shards) {
  std::atomic<int> count{0};
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      const SmallShard expected = MakeSmallShard();
      FrameBytes frames;
      for (size_t i = 0; i < 3 * shards.videos().size(); i += 3) {  // the first video of a shard
        shards.ReadFrames((i * (thread + 1)) % shards.videos().size(), {2}, &frames);
        EXPECT_EQ(std::vector<uint8_t>(frames.data(0), frames.data(0) + frames.size_bytes(0)),
                  expected.frames[2]);
        count += frames.from_copy() ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  return count;
}

// A copy that was closed for another one is opened again, and not the shard on the network.
TEST_F(CopiesTest, AreUsedWhenFewerFilesMayBeOpenThanThereAreShards) {
  constexpr int kShards = 40;
  WriteManyShards(folder_ / "many", kShards);
  {
    const ShardSet shards(folder_ / "many");
    std::vector<int> all(kShards);
    std::iota(all.begin(), all.end(), 0);
    ASSERT_EQ(ShardCopier(
                  shards, options_, [all] { return all; }, false)
                  .Await()
                  .num_copies,
              kShards);
  }
  OpenCount opened(folder_ / "many" / ShardFileName(7));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit low{56, 56};  // 28 shards, and 28 for others
    setrlimit(RLIMIT_NOFILE, &low);
    ShardSet shards(folder_ / "many");
    shards.ReadCopiesIn(options_.folder);
    const int elsewhere = NumNotFromCopies(shards);
    _exit(HasFailure() ? 1 : std::min(elsewhere, 100) + (elsewhere > 0 ? 10 : 0));
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(opened.Take(), 0);
}

TEST_F(CopiesTest, ThatOthersMayAlterAreNotRead) {
  const mode_t before = umask(0);
  Copy();
  umask(before);
  struct stat made {};
  ASSERT_EQ(stat(CopyOf(0).c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 0777, 0644U) << "whatever the mask of the run";
  for (const mode_t mode : {0664, 0646}) {
    chmod(CopyOf(0).c_str(), mode);
    OpenCount opened(CopyOf(0));
    EXPECT_EQ(NumFromCopyAnew(0), 0);
    EXPECT_EQ(opened.Take(), 0);
  }
  Copy();  // makes it again
  EXPECT_EQ(NumFromCopyAnew(0), kFrames);
  fs::rename(CopyOf(0), folder_ / "linked");
  fs::create_symlink(folder_ / "linked", CopyOf(0));
  EXPECT_EQ(NumFromCopyAnew(0), 0);
  constexpr uid_t kOther = 12345;
  if (chown(CopyOf(1).c_str(), kOther, kOther) == 0) {
    EXPECT_EQ(NumFromCopyAnew(1), 0);
  }
}

TEST_F(CopiesTest, AreNotRejectedForAnOlderFile) {
  Copy();
  ShardCopies copies(options_.folder);
  const auto older = copies.Open(shards_->UuidOf(0));
  ASSERT_TRUE(older);
  fs::remove(CopyOf(0));
  Copy();
  copies.Reject(shards_->UuidOf(0), older->mark, InputError("damaged"));
  EXPECT_TRUE(fs::exists(CopyOf(0)));
  const auto newer = copies.Open(shards_->UuidOf(0));
  ASSERT_TRUE(newer);
  copies.Reject(shards_->UuidOf(0), newer->mark, InputError("damaged"));
  EXPECT_FALSE(fs::exists(CopyOf(0)));
}

TEST_F(CopiesTest, StayAfterAFaultOfTheSystem) {
  Copy();
  const std::string uuid = shards_->UuidOf(0);
  ShardCopies copies(options_.folder);
  copies.Reject(uuid, copies.Open(uuid)->mark, EnvironmentError("no memory"));
  EXPECT_TRUE(fs::exists(CopyOf(0)));
  EXPECT_FALSE(copies.Open(uuid)) << "not for a while";
  // HDF5 calls a file damaged if no further file may be open.
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_NOFILE, &none);
    _exit(ShardCopies(options_.folder).Open(uuid) ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(fs::exists(CopyOf(0)));
}

}  // namespace
}  // namespace reel3d::test
