// Reads copies of shards that others may have altered, that are opened again and again, and that
// cannot be read for a while.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <functional>
#include <map>
#include <numeric>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "tests/open_count.h"
#include "tests/shard/copies_fixture.h"

namespace reel3d::test {
namespace {

using ::testing::HasSubstr;

// Runs `work` in a process of its own, which must end with status 0.
template <class Work>
void InChild(const Work& work) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    work();
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

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
                  shards, options_, [all](const auto& /*stop*/) { return all; }, false)
                  .Await()
                  .num_copies,
              kShards);
  }
  OpenCount opened(folder_ / "many" / ShardFileName(7));
  InChild([&] {
    const rlimit low{56, 56};  // 28 shards, and 28 for others
    setrlimit(RLIMIT_NOFILE, &low);
    ShardSet shards(folder_ / "many");
    shards.ReadCopiesIn(options_.folder);
    EXPECT_EQ(NumNotFromCopies(shards), 0);
  });
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
  // It is no fault of the copy that no further file may be open.
  for (rlim_t most = 0; most < 24; ++most) {
    InChild([&] {
      const rlimit few{most, most};
      setrlimit(RLIMIT_NOFILE, &few);
      ShardCopies(options_.folder).Open(uuid);
    });
    ASSERT_TRUE(fs::exists(CopyOf(0))) << most;
  }
}

// Copies both shards while the first one has a temporary of another process. Returns when the
// copier has left that one for later.
class WaitingCopier {
 public:
  WaitingCopier(const ShardSet& shards, const StagingOptions& options, const fs::path& other_copy)
      : copier_(
            shards, options,
            [](const auto& /*stop*/) {
              return std::vector<int>{0, 1};
            },
            false) {
    while (!fs::exists(other_copy)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  CopyReport Await() { return copier_.Await(); }

 private:
  ShardCopier copier_;
};

// Writes a file whose time of change is an hour old, as after an hour of waiting for the network.
void WriteOldFile(const fs::path& file) {
  WriteFileAtomically(file, "half a copy");
  const timespec old[2] = {{0, 0}, {std::time(nullptr) - 3600, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, file.c_str(), old, 0), 0);
}

// The file of a host that died must neither block others nor take room for ever. This host's
// processes are observed, and clocks may be wrong.
TEST_F(CopiesTest, OnlyAnAbandonedTemporaryIsRemoved) {
  fs::create_directories(options_.folder);
  const fs::path folder = options_.folder;
  const std::string name = "." + shards_->UuidOf(0) + ".h5.tmp-";
  WriteOldFile(folder / (name + "elsewhere-7-0"));
  WriteOldFile(folder / ".01234567-89ab-8def-8123-0123456789ab.h5.tmp-elsewhere-7-0");
  { WaitingCopier copier(*shards_, options_, CopyOf(1)); }
  EXPECT_EQ(FilesThere().size(), 3U) << "another process makes it";
  options_.abandoned_s = 0;
  EXPECT_EQ(Copy().num_copies, 2);
  EXPECT_EQ(FilesThere().size(), 2U) << "that of another data set is removed, too";
  fs::remove(CopyOf(0));
  fs::remove(CopyOf(1));
  const fs::path alive = folder / (name + HostName() + "-" + std::to_string(getppid()) + "-0");
  WriteOldFile(alive);
  { WaitingCopier copier(*shards_, options_, CopyOf(1)); }
  EXPECT_TRUE(fs::exists(alive));
  EXPECT_FALSE(fs::exists(CopyOf(0)));
}

TEST_F(CopiesTest, ARunThatWasKilledWhileCopyingDelaysNone) {
  fs::create_directories(options_.folder);
  InChild([&] {
    const auto* leaked = new PendingFile(CopyOf(0));
    std::ofstream(leaked->temporary_path()) << "half a copy";
  });
  ASSERT_EQ(FilesThere().size(), 1U);
  EXPECT_EQ(Copy().num_copies, 2);
  EXPECT_EQ(FilesThere().size(), 2U);
}

// A limit on file sizes stands in for a disk that is full against all expectation.
TEST_F(CopiesTest, AFileThatCannotGrowLeavesNothing) {
  InChild([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{1000, 1000};
    setrlimit(RLIMIT_FSIZE, &small);
    const CopyReport report = Copy();
    EXPECT_EQ(report.num_copies, 0);
    EXPECT_THAT(report.fault, HasSubstr("File too large"));
    EXPECT_TRUE(FilesThere().empty());
  });
}

// Processes of two containers may have the same host and number.
TEST_F(CopiesTest, ATemporaryOfAnotherProcessOfThisNumberStays) {
  fs::create_directories(options_.folder);
  const std::string name =
      fmt::format(".{}.h5.tmp-{}-{}-", shards_->UuidOf(0), HostName(), getpid());
  constexpr int kFiles = 200;
  for (int i = 0; i < kFiles; ++i) {
    std::ofstream(fs::path(options_.folder) / (name + std::to_string(i))) << "half a copy";
  }
  { WaitingCopier copier(*shards_, options_, CopyOf(1)); }
  EXPECT_EQ(FilesThere().size(), size_t{kFiles} + 1);
}

TEST_F(CopiesTest, AnOddEntryOnlyStopsItsOwnShard) {
  fs::create_directories(CopyOf(0) / "inside");
  CopyReport report = Copy({0, 1});
  EXPECT_EQ(report.num_copies, 1);
  EXPECT_THAT(report.fault, HasSubstr("is not a file"));
  EXPECT_TRUE(fs::exists(CopyOf(0) / "inside"));
  EXPECT_EQ(NumFromCopyAnew(0), 0);
  EXPECT_EQ(NumFromCopyAnew(1), kFrames);
  fs::remove_all(options_.folder);
  fs::create_directories(options_.folder);
  ASSERT_EQ(mkfifo(CopyOf(0).c_str(), 0600), 0);
  report = Copy({0, 1});
  EXPECT_EQ(report.num_copies, 1);
  EXPECT_EQ(NumFromCopyAnew(0), 0);
}

TEST_F(CopiesTest, AFaultIsToldAtOnceAndWhenAllIsDone) {
  fs::create_directories(CopyOf(0));
  testing::internal::CaptureStderr();
  Copy({0, 1});
  const std::string log = testing::internal::GetCapturedStderr();
  const size_t at_once = log.find("not every shard can be copied: ");
  ASSERT_NE(at_once, std::string::npos) << log;
  EXPECT_GT(log.find("1 of 2 shards have a copy there"), at_once) << log;
  EXPECT_NE(log.find("1 of 2 shards have a copy there"), std::string::npos) << log;
  // Nothing is summed up if the shards are not known.
  testing::internal::CaptureStderr();
  ShardCopier(
      *shards_, options_, [](const auto&) -> std::vector<int> { throw InputError("bad index"); },
      true)
      .Await();
  const std::string other_log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(other_log, HasSubstr("bad index"));
  EXPECT_THAT(other_log, testing::Not(HasSubstr("0 of 0")));
}

// A large set has tens of thousands of shards on a slow network.
TEST_F(CopiesTest, AnEndingRunDoesNotWaitForTheList) {
  std::atomic<bool> has_begun{false};
  {
    const ShardCopier copier(
        *shards_, options_,
        [&](const std::function<bool()>& stop) {
          for (has_begun = true; !stop();) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
          }
          return std::vector<int>{0, 1};
        },
        false);
    while (!has_begun) {
      std::this_thread::yield();
    }
  }
  EXPECT_TRUE(!fs::exists(options_.folder) || FilesThere().empty());
  int calls = 0;
  ShardReader(shards_->FileOf(0)).Verify([&] { return ++calls > 0; });
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace reel3d::test
