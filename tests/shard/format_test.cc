// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/frames/jpeg_header.h"
#include "lib/shard/shard_columns.h"
#include "lib/shard/shard_plan.h"
#include "tests/shard/small_shard.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using Bytes = std::vector<uint8_t>;

std::string Complaint(const Bytes& jpeg) {
  try {
    ReadJpegHeader(jpeg);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "";
}

TEST(JpegHeaderTest, ReadsWhatTheEncoderWasTold) {
  for (const int quality : {1, 24, 25, 49, 50, 75, 90, 95, 100}) {
    for (const int restart_interval : {0, 1, 4}) {
      const JpegHeader header =
          ReadJpegHeader(test::MakeJpeg({50, 34}, 7, {quality, restart_interval}));
      EXPECT_EQ(header.width, 50);
      EXPECT_EQ(header.height, 34);
      EXPECT_EQ(header.quality, quality);
      EXPECT_EQ(header.restart_interval, restart_interval);
    }
  }
}

TEST(JpegHeaderTest, RefusesOtherFiles) {
  test::JpegStyle progressive;
  progressive.progressive = true;
  test::JpegStyle grey;
  grey.grey = true;
  const Bytes good = test::MakeJpeg({48, 32}, 0);
  EXPECT_THAT(Complaint(test::MakeJpeg({48, 32}, 0, progressive)), HasSubstr("frame type 0xc2"));
  EXPECT_THAT(Complaint(test::MakeJpeg({48, 32}, 0, grey)), HasSubstr("4:2:0"));
  EXPECT_THAT(Complaint({}), HasSubstr("does not begin"));
  EXPECT_THAT(Complaint({'t', 'e', 'x', 't', '!'}), HasSubstr("does not begin"));
  EXPECT_THAT(Complaint({0xFF, 0xD8, 0xFF, 0xD9}), HasSubstr("headers are damaged"));
}

TEST(JpegHeaderTest, EveryTruncationIsRefused) {
  const Bytes good = test::MakeJpeg({48, 32}, 0);
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(Complaint(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))), "")
        << size;
  }
}

TEST(JpegHeaderTest, DamagedHeadersNeverCrash) {
  const Bytes good = test::MakeJpeg({48, 32}, 0);
  for (size_t at = 0; at < std::min<size_t>(good.size(), 700); ++at) {
    for (const uint8_t value : {0x00, 0x01, 0x7F, 0xFF}) {
      Bytes bad = good;
      bad[at] = value;
      Complaint(bad);
    }
  }
}

TEST(ShardTableTest, SaysWhatFramesHaveInCommon) {
  ShardVideo video;
  video.width = 48;
  video.height = 32;
  VideoScan same(video);
  VideoScan mixed(video);
  for (const int restart_interval : {2, 2, 3, 3, 2}) {
    same.AddFrame(test::MakeJpeg({48, 32}, 0, {80, 2}));
    mixed.AddFrame(test::MakeJpeg({48, 32}, 0, {75 + restart_interval, restart_interval}));
  }
  EXPECT_EQ(same.video().restart_interval, 2);
  EXPECT_EQ(same.quality(), 80U);
  EXPECT_EQ(mixed.video().restart_interval, 0);
  EXPECT_EQ(mixed.quality(), 0U);
  EXPECT_EQ(MakeTable({same, same}, {}).quality, 80U);
  EXPECT_EQ(MakeTable({same, mixed}, {}).quality, 0U);
  EXPECT_EQ(MakeTable({mixed, same}, {}).quality, 0U);
  EXPECT_EQ(MakeTable({same, same}, {}).height, 32U);
  EXPECT_THROW(same.AddFrame(test::MakeJpeg({32, 48}, 0)), Error);
}

// The uuid depends on everything that a reader uses.
TEST(ShardTableTest, UuidChangesWithContent) {
  const ShardTable table = test::MakeSmallShard().table;
  const std::string uuid = ContentUuid(table);
  EXPECT_THAT(uuid, ::testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-"
                                            "[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_EQ(ContentUuid(table), uuid);
  const std::vector<std::function<void(ShardTable*)>> changes = {
      [](ShardTable* t) { t->quality = 1; },
      [](ShardTable* t) { t->height = 1; },
      [](ShardTable* t) { t->classes[1] = "wavE"; },
      [](ShardTable* t) { t->classes.emplace_back("x"); },
      [](ShardTable* t) { t->videos[2].id = "thirD"; },
      [](ShardTable* t) { t->videos[1].label = 0; },
      [](ShardTable* t) { t->videos[0].width = 49; },
      [](ShardTable* t) { t->videos[0].height = 33; },
      [](ShardTable* t) { t->videos[0].restart_interval = 9; },
      [](ShardTable* t) { t->videos[0].fps_num = 9; },
      [](ShardTable* t) { t->videos[0].fps_den = 9; },
      [](ShardTable* t) { ++t->first_frames[1]; },
      [](ShardTable* t) { ++t->offsets[4]; },
      [](ShardTable* t) { ++t->frame_crc32[8]; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    ShardTable changed = table;
    changes[i](&changed);
    EXPECT_NE(ContentUuid(changed), uuid) << "change " << i;
  }
}

// Returns number and first video of each shard.
std::vector<std::pair<int, size_t>> Begins(const std::vector<PlannedShard>& shards) {
  std::vector<std::pair<int, size_t>> begins;
  for (const PlannedShard& shard : shards) {
    begins.emplace_back(shard.number, shard.begin);
  }
  return begins;
}

TEST(ShardPlanTest, CutsBySize) {
  const auto cut = [](const std::vector<uint64_t>& sizes) {
    std::vector<PlannedVideo> videos;
    for (const uint64_t size_bytes : sizes) {
      videos.push_back({"v", 0, Subset::kTraining, size_bytes});
    }
    return Begins(CutIntoShards(videos, 10));
  };
  EXPECT_THAT(cut({}), ElementsAre());
  EXPECT_THAT(cut({5, 5, 1}), ElementsAre(Pair(0, 0), Pair(1, 2)));
  EXPECT_THAT(cut({5, 6, 4}), ElementsAre(Pair(0, 0), Pair(1, 1)));
  EXPECT_THAT(cut({100, 1, 100, 100}), ElementsAre(Pair(0, 0), Pair(1, 1), Pair(2, 2), Pair(3, 3)));
  EXPECT_THAT(cut({0, 0, 10, 0, 1}), ElementsAre(Pair(0, 0), Pair(1, 4)));
}

// A group's shards have the numbers from its first row on, however many shards other groups have.
TEST(ShardPlanTest, CutsAtGroupsAndNumbersByTheirFirstRow) {
  std::vector<PlannedVideo> videos;
  for (const int group : {0, 0, 0, 4, 4, 4, 9}) {
    videos.push_back({"v", 0, Subset::kTraining, 4, group});
  }
  const std::vector<PlannedShard> shards = CutIntoShards(videos, 10);
  EXPECT_THAT(Begins(shards),
              ElementsAre(Pair(0, 0), Pair(1, 2), Pair(4, 3), Pair(5, 5), Pair(9, 6)));
  for (size_t i = 0; i + 1 < shards.size(); ++i) {
    EXPECT_EQ(shards[i].end, shards[i + 1].begin);
  }
  EXPECT_EQ(shards.back().end, videos.size());
}

TEST(ShardPlanTest, AGroupKeepsTheRowsOfAFileTogether) {
  const auto cut = [](const std::string& files, int64_t group_videos) {
    Manifest manifest;
    for (const char file : files) {
      manifest.videos.emplace_back();
      manifest.videos.back().path = std::string(1, file);
    }
    return CutIntoGroups(manifest, group_videos);
  };
  EXPECT_THAT(cut("", 3), ElementsAre(0));
  EXPECT_THAT(cut("abcdefg", 3), ElementsAre(0, 3, 6, 7));
  EXPECT_THAT(cut("abcdef", 3), ElementsAre(0, 3, 6));
  EXPECT_THAT(cut("abccccdef", 3), ElementsAre(0, 6, 9));
  EXPECT_THAT(cut("aaaaa", 3), ElementsAre(0, 5));
  EXPECT_THAT(cut("abcabc", 3), ElementsAre(0, 3, 6));
  EXPECT_THAT(cut("abcdefg", 0), ElementsAre(0, 7));
}

TEST(ShardPlanTest, NameChangesWithThePlan) {
  const std::vector<PlannedVideo> videos = {{"a", 0, Subset::kTraining, 10},
                                            {"b", 1, Subset::kTraining, 20},
                                            {"c", -1, Subset::kTraining, 30}};
  const std::vector<std::string> classes = {"x", "y"};
  const std::string name = PlanName(videos, 0, 2, classes);
  EXPECT_EQ(name.size(), 16U);
  EXPECT_NE(PlanName(videos, 0, 3, classes), name);
  EXPECT_NE(PlanName(videos, 1, 2, classes), name);
  EXPECT_NE(PlanName(videos, 0, 2, {"x", "z"}), name);
  EXPECT_NE(
      PlanName({{"a", 1, Subset::kTraining, 10}, {"b", 1, Subset::kTraining, 20}}, 0, 2, classes),
      name);
  EXPECT_NE(
      PlanName({{"a", 0, Subset::kTraining, 11}, {"b", 1, Subset::kTraining, 20}}, 0, 2, classes),
      name);
  EXPECT_EQ(
      PlanName({{"a", 0, Subset::kTraining, 10}, {"b", 1, Subset::kTraining, 20}}, 0, 2, classes),
      name);
}

TEST(ShardColumnsTest, TheChecksumOfARowIsAsVersion1HadIt) {
  ShardTable table;
  AddVideo({"jump_01", 3, 480, 360, 30, 30000, 1001}, {{100, 1}, {200, 2}}, &table);
  const std::string row = "jump_01\t3\t0\t2\t480\t360\t30\t30000\t1001";
  EXPECT_EQ(RowCrc32(table, 0), Crc32(row.data(), row.size()));
}

TEST(ShardColumnsTest, ThePageOfFormatsNamesEveryColumn) {
  const std::string page = ReadFile(test::SourceFolder() / "docs/reference/formats.md");
  int num_columns = 0;
  ForEachVideoColumn(kShardVersion, [&](const std::string& name, auto /*member*/) {
    ++num_columns;
    EXPECT_THAT(page, testing::ContainsRegex("/videos/[a-z_, ]*" + name + "[ ,].*\\[V\\]"));
  });
  EXPECT_GE(num_columns, 5);
}

}  // namespace
}  // namespace reel3d
