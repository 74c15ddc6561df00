// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/check_shards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/shard/shard_reader.h"
#include "tests/shard/small_shard.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class CheckShardsTest : public ::testing::Test {
 protected:
  CheckShardsTest() : shard_(test::WriteSmallShards(folder_.path())) {
    options_.inputs = {folder_.path().string()};
    options_.threads = 1;
  }
  std::string Path(const char* name) const { return (folder_ / name).string(); }

  test::TemporaryFolder folder_;
  const test::SmallShard shard_;
  CheckShardsOptions options_;
};

TEST_F(CheckShardsTest, CountsWhatIsWhole) {
  const CheckShardsReport report = RunCheckShards(options_);
  EXPECT_TRUE(report.damaged.empty());
  EXPECT_EQ(report.num_shards, 2);
  EXPECT_EQ(report.num_frames, 18);
  EXPECT_EQ(report.num_bytes, 2 * shard_.table.data_bytes());
}

TEST_F(CheckShardsTest, NamesAndRemovesWhatIsNot) {
  std::string bytes = ReadFile(Path("00001.h5"));
  const std::vector<uint8_t>& jpeg = shard_.frames[4];
  const size_t at = bytes.find(std::string(jpeg.begin(), jpeg.end()));
  ASSERT_NE(at, std::string::npos);
  bytes[at + 100] = static_cast<char>(bytes[at + 100] ^ 4);
  WriteFileAtomically(Path("00001.h5"), bytes);
  const CheckShardsReport report = RunCheckShards(options_);
  ASSERT_EQ(report.damaged.size(), 1U);
  EXPECT_EQ(report.damaged[0].id, Path("00001.h5"));
  EXPECT_THAT(report.damaged[0].reason, HasSubstr("frame 4"));
  EXPECT_EQ(report.num_frames, 9);
  options_.remove_damaged = true;
  RunCheckShards(options_);
  EXPECT_FALSE(std::filesystem::exists(Path("00001.h5")));
  EXPECT_FALSE(std::filesystem::exists(Path("DONE"))) << "pack-shards has work again";
  EXPECT_TRUE(std::filesystem::exists(Path("00000.h5")));
}

TEST_F(CheckShardsTest, AnotherShardOfThatNameIsFound) {
  WriteFileAtomically(Path("00001.h5"), ReadFile(Path("00000.h5")));
  const CheckShardsReport report = RunCheckShards(options_);
  ASSERT_EQ(report.damaged.size(), 1U);
  EXPECT_THAT(report.damaged[0].reason, HasSubstr("another shard"));
}

// The readers refuse a folder with any of these tables missing or changed.
TEST_F(CheckShardsTest, TablesThatAreLostOrChangedAreRefused) {
  const auto complaint = [&] {
    try {
      RunCheckShards(options_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  for (const char* name : {"index.tsv", "shards.tsv", "classes.txt", "missing.tsv", "DONE"}) {
    const std::string sound = ReadFile(Path(name));
    std::filesystem::remove(Path(name));
    EXPECT_THAT(complaint(), HasSubstr(name));
    WriteFileAtomically(Path(name), sound + sound);
    EXPECT_THAT(complaint(), HasSubstr(name));
    WriteFileAtomically(Path(name), sound);
  }
  WriteMissing(Path("missing.tsv"), {});
  EXPECT_THAT(complaint(), AllOf(HasSubstr("missing.tsv"), HasSubstr("pack-shards")));
}

// An empty DONE, as older versions wrote it, has no checksums of the tables.
TEST_F(CheckShardsTest, AnIndexThatDisagreesWithSoundShardsIsFound) {
  WriteFileAtomically(Path("DONE"), "");
  EXPECT_TRUE(RunCheckShards(options_).damaged.empty());
  const std::string sound = ReadFile(Path("index.tsv"));
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"first_b\t1", "First_b\t1"},
                                                        {"first_b\t1", "first_b\t0"},
                                                        {"\t3\t25\n", "\t2\t25\n"}}) {
    std::string index = sound;
    index.replace(index.rfind(from), from.size(), to);
    WriteFileAtomically(Path("index.tsv"), index);
    const CheckShardsReport report = RunCheckShards(options_);
    ASSERT_EQ(report.damaged.size(), 1U) << to;
    EXPECT_EQ(report.damaged[0].id, Path("00001.h5"));
    EXPECT_THAT(report.damaged[0].reason, HasSubstr("does not agree with index.tsv"));
  }
  options_.remove_damaged = true;
  RunCheckShards(options_);
  EXPECT_TRUE(std::filesystem::exists(Path("00001.h5"))) << "the shard is sound, the table is not";
  EXPECT_FALSE(std::filesystem::exists(Path("DONE"))) << "pack-shards has work again";
}

// Each flipped bit is either found, or all frames still have the right bytes.
TEST_F(CheckShardsTest, EveryFlippedBitIsFoundOrHarmless) {
  const std::string sound = ReadFile(Path("00000.h5"));
  options_.inputs = {Path("flipped.h5")};
  Rng rng(6);
  int num_found = 0;
  for (int round = 0; round < 600; ++round) {
    std::string bytes = sound;
    const auto at = static_cast<size_t>(rng.Below(static_cast<int64_t>(bytes.size())));
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng.Below(8)));
    WriteFileAtomically(Path("flipped.h5"), bytes);
    if (!RunCheckShards(options_).damaged.empty()) {
      ++num_found;
      continue;
    }
    const ShardReader reader(Path("flipped.h5"));
    ASSERT_EQ(reader.uuid(), ContentUuid(shard_.table)) << "byte " << at;
    std::vector<uint8_t> jpeg;
    for (size_t frame = 0; frame < shard_.frames.size(); ++frame) {
      reader.ReadFrame(frame, &jpeg);
      ASSERT_EQ(jpeg, shard_.frames[frame]) << "byte " << at;
    }
  }
  EXPECT_GT(num_found, 100);
}

TEST_F(CheckShardsTest, TheToolIsSilentWhereAllIsWell) {
  const std::string tool = test::ToolPath("check-shards").string();
  const test::CommandResult good = test::RunCommand({tool, folder_.path().string()});
  EXPECT_EQ(good.exit_status, kExitDone) << good.err;
  EXPECT_EQ(good.out, "");
  std::filesystem::resize_file(Path("00000.h5"), 1000);
  const test::CommandResult bad = test::RunCommand({tool, folder_.path().string()});
  EXPECT_EQ(bad.exit_status, kExitInput);
  EXPECT_EQ(bad.out, Path("00000.h5") + "\n");
  EXPECT_EQ(test::RunCommand({tool, Path("absent.h5")}).exit_status, kExitInput);
}

}  // namespace
}  // namespace reel3d
