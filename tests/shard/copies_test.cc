// Copies shards to another folder, and reads frames while copies come, go, break and do not fit.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "lib/base/error.h"
#include "tests/open_count.h"
#include "tests/shard/copies_fixture.h"

namespace reel3d::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST_F(CopiesTest, HaveTheSameBytesAndAreUsed) {
  EXPECT_EQ(NumFromCopyAnew(0), 0);
  const CopyReport report = Copy();
  EXPECT_EQ(report.num_copies, 2);
  EXPECT_EQ(report.fault, "");
  EXPECT_EQ(report.copies_bytes, SizeOf(0) + SizeOf(1));
  EXPECT_THAT(FilesThere(), ::testing::UnorderedElementsAre(shards_->UuidOf(0) + ".h5",
                                                            shards_->UuidOf(1) + ".h5"));
  for (const int number : {0, 1}) {
    EXPECT_EQ(ReadFile(CopyOf(number)), ReadFile(shards_->FileOf(number)));
    EXPECT_EQ(NumFromCopyAnew(number), kFrames);
  }
  // With copies the shards themselves are not even opened.
  ShardSet shards(folder_ / "shards");
  shards.ReadCopiesIn(options_.folder);
  OpenCount opened(shards.FileOf(0));
  FrameBytes frames;
  shards.ReadFrames(0, {0, 1}, &frames);
  EXPECT_TRUE(frames.from_copy());
  EXPECT_EQ(opened.Take(), 0);
  EXPECT_EQ(shards.FrameSizeOf(0), (FrameSize{48, 32}));
}

TEST_F(CopiesTest, AreFoundWhileTheShardIsInUse) {
  EXPECT_EQ(NumFromCopy(0), 0);
  Copy();
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // it looks once a second
  EXPECT_EQ(NumFromCopy(0), kFrames);
}

TEST_F(CopiesTest, ComeInTheOrderOfNeedAndWithinTheBound) {
  options_.most_gb = static_cast<double>(SizeOf(0) + SizeOf(1) - 1) / 1e9;
  const CopyReport report = Copy({1, 0});
  EXPECT_EQ(report.num_shards, 2);
  EXPECT_EQ(report.num_copies, 1);
  EXPECT_TRUE(fs::exists(CopyOf(1))) << "the first";
  EXPECT_THAT(report.fault, HasSubstr("--stage-most-gb allows"));
  EXPECT_EQ(NumFromCopyAnew(1), kFrames);
  EXPECT_EQ(NumFromCopyAnew(0), 0);
  // Copies that are there count, wherever they stand in the order.
  EXPECT_EQ(Copy({0, 1}).num_copies, 1);
  EXPECT_EQ(FilesThere().size(), 1U);
  // Files of others count as well.
  fs::remove(CopyOf(1));
  options_.most_gb = static_cast<double>(2 * SizeOf(0)) / 1e9;
  WriteFileAtomically(fs::path(options_.folder) / "of_others",
                      std::string(static_cast<size_t>(SizeOf(0)) + 1, 'x'));
  EXPECT_EQ(Copy().num_copies, 0);
}

TEST_F(CopiesTest, LeaveFreeSpace) {
  options_.free_gb = 1e9;
  const CopyReport report = Copy();
  EXPECT_EQ(report.num_copies, 0);
  EXPECT_THAT(report.fault, HasSubstr("--stage-free-gb keeps"));
  EXPECT_TRUE(FilesThere().empty());
}

TEST_F(CopiesTest, ThatWereCutOrAlteredAreNotUsedAndMadeAgain) {
  Copy();
  const auto size = static_cast<int64_t>(fs::file_size(CopyOf(0)));
  for (int64_t at = 0; at < size; at += 1 + size / 60) {
    ChangeByte(CopyOf(0), at);
    EXPECT_LE(NumFromCopyAnew(0), kFrames) << "all frames are right, wherever they come from";
    if (!fs::exists(CopyOf(0))) {
      Copy();
    } else {
      ChangeByte(CopyOf(0), at);  // nothing that a reader uses
    }
    ASSERT_EQ(NumFromCopyAnew(0), kFrames);
  }
  for (const int64_t left : {size - 1, size / 2, int64_t{0}}) {
    fs::resize_file(CopyOf(0), static_cast<uintmax_t>(left));
    EXPECT_EQ(NumFromCopyAnew(0), 0) << left;
    EXPECT_FALSE(fs::exists(CopyOf(0)));
    Copy();
    fs::resize_file(CopyOf(0), static_cast<uintmax_t>(left));
    Copy();  // notices it too
    EXPECT_EQ(NumFromCopyAnew(0), kFrames);
  }
}

TEST_F(CopiesTest, ThatBreakWhileTheyAreInUse) {
  Copy();
  ASSERT_EQ(NumFromCopy(0), kFrames);
  std::string bytes = ReadFile(CopyOf(0));
  const ShardReader reader(CopyOf(0));
  std::vector<uint8_t> jpeg;
  reader.ReadFrame(4, &jpeg);
  const size_t at = bytes.find(std::string(jpeg.begin(), jpeg.end()));
  ChangeByte(CopyOf(0), static_cast<int64_t>(at + jpeg.size() / 2));
  EXPECT_EQ(NumFromCopy(0), 4) << "frames before the damaged one";
  EXPECT_FALSE(fs::exists(CopyOf(0)));
  EXPECT_EQ(NumFromCopy(1), kFrames) << "the other copy";
  fs::resize_file(CopyOf(1), 100);
  EXPECT_EQ(NumFromCopy(1), 0);
}

TEST_F(CopiesTest, OfAnotherDataSetAreNotTakenForThis) {
  Copy();
  fs::copy_file(CopyOf(1), CopyOf(0), fs::copy_options::overwrite_existing);
  EXPECT_EQ(NumFromCopyAnew(0), 0);
  // Another set with the same file names shares the folder.
  fs::create_directory(folder_ / "others");
  SmallShard other = MakeSmallShard();
  other.table.videos[0].fps_num = 24;
  WriteShard(folder_ / "others/00000.h5", other);
  WriteIndex(folder_ / "others/index.tsv", {{0, 0, "first", 1, Subset::kTraining, 5, 25},
                                            {0, 1, "second", -1, Subset::kTesting, 1, 25},
                                            {0, 2, "third", 0, Subset::kValidation, 3, 25}});
  WriteShardList(folder_ / "others/shards.tsv", {{0, ContentUuid(other.table)}});
  WriteClasses(folder_ / "others/classes.txt", {"jump", "wave"});
  WriteMissing(folder_ / "others/missing.tsv", {});
  WriteFileAtomically(folder_ / "others/DONE", FormatTableChecksums(folder_ / "others"));
  ShardSet set(folder_ / "others");
  set.ReadCopiesIn(options_.folder);
  EXPECT_EQ(NumFromCopy(set, 0), 0);
  EXPECT_EQ(ShardCopier(
                set, options_, [](const auto& /*stop*/) { return std::vector<int>{0}; }, true)
                .Await()
                .num_copies,
            1);
  Copy();
  EXPECT_EQ(NumFromCopyAnew(0), kFrames);
  EXPECT_EQ(FilesThere().size(), 3U);
}

// A name in shards.tsv that leads elsewhere would let a copy be written there.
TEST_F(CopiesTest, HaveNamesThatStayInTheFolder) {
  const ShardCopies copies("/local");
  EXPECT_EQ(copies.FileOf("01234567-89ab-8def-8123-0123456789ab"),
            "/local/01234567-89ab-8def-8123-0123456789ab.h5");
  for (const char* hostile : {"", "../../etc/x", "01234567-89ab-8def-8123-0123456789ab/",
                              "../34567-89ab-8def-8123-0123456789ab"}) {
    EXPECT_EQ(copies.FileOf(hostile), "") << hostile;
  }
}

TEST_F(CopiesTest, ADamagedShardIsNotCopied) {
  const ShardReader reader(shards_->FileOf(0));
  std::vector<uint8_t> jpeg;
  reader.ReadFrame(4, &jpeg);
  const size_t at = ReadFile(shards_->FileOf(0)).find(std::string(jpeg.begin(), jpeg.end()));
  ChangeByte(shards_->FileOf(0), static_cast<int64_t>(at + jpeg.size() / 2));
  const CopyReport report = Copy({0, 1});
  EXPECT_EQ(report.num_copies, 1) << "the other one";
  EXPECT_THAT(report.fault, AllOf(HasSubstr("00000.h5"), HasSubstr("frame 4")));
  EXPECT_EQ(FilesThere().size(), 1U);
}

TEST_F(CopiesTest, SeveralCopiersShareTheFolder) {
  const auto order = [](bool rising) {
    return [rising](const auto& /*stop*/) {
      return rising ? std::vector<int>{0, 1} : std::vector<int>{1, 0};
    };
  };
  for (int round = 0; round < 6; ++round) {
    fs::remove_all(options_.folder);
    std::vector<std::unique_ptr<ShardCopier>> copiers;
    OpenCount opened(shards_->FileOf(0));
    for (int i = 0; i < 4; ++i) {
      copiers.push_back(
          std::make_unique<ShardCopier>(*shards_, options_, order(i % 2 == 0), false));
    }
    for (const auto& copier : copiers) {
      const CopyReport report = copier->Await();
      EXPECT_EQ(report.num_copies, 2) << report.fault;
    }
    EXPECT_EQ(FilesThere().size(), 2U);
    EXPECT_EQ(opened.Take(), 1) << "one of them copies";
  }
  EXPECT_EQ(NumFromCopyAnew(0), kFrames);
}

TEST_F(CopiesTest, AFolderThatCannotBeMadeOnlyCostsSpeed) {
  WriteFileAtomically(folder_ / "local", "a file");
  const CopyReport report = Copy();
  EXPECT_EQ(report.num_shards, 2);
  EXPECT_EQ(report.num_copies, 0);
  EXPECT_THAT(report.fault, HasSubstr("cannot make folder"));
  EXPECT_EQ(NumFromCopyAnew(0), 0);
}

TEST_F(CopiesTest, AFolderThatVanishesOnlyCostsSpeed) {
  Copy();
  ASSERT_EQ(NumFromCopy(0), kFrames);
  fs::remove_all(options_.folder);
  NumFromCopy(0);  // the system keeps the open file
  EXPECT_EQ(NumFromCopy(1), 0);
  const CopyReport report = ShardCopier(
                                *shards_, options_,
                                [&](const auto& /*stop*/) {
                                  // The folder is made again afterwards; a file there then is in
                                  // the way.
                                  WriteFileAtomically(options_.folder, "");
                                  return std::vector<int>{0, 1};
                                },
                                false)
                                .Await();
  EXPECT_EQ(report.num_copies, 0);
  EXPECT_NE(report.fault, "");
}

TEST_F(CopiesTest, AnEndingRunDiscardsTheCopyAtWork) {
  for (int round = 0; round < 20; ++round) {
    fs::remove_all(options_.folder);
    {
      const ShardCopier copier(
          *shards_, options_,
          [](const auto& /*stop*/) {
            return std::vector<int>{0, 1};
          },
          false);
    }
    if (fs::exists(options_.folder)) {
      for (const std::string& name : FilesThere()) {
        EXPECT_THAT(name, testing::Not(HasSubstr(".tmp-")));
      }
    }
  }
}

}  // namespace
}  // namespace reel3d::test
