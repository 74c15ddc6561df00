// Tests the warnings of pack-shards about doubtful data, and tables that are lost later.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "lib/shard/data_doubts.h"
#include "lib/shard/shard_set.h"
#include "tests/pipeline/packed_videos.h"

namespace reel3d::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PackedDoubtsTest : public PackedVideos {};

// video01 is a training video. Its copy has another name, video04, and is held out.
TEST_F(PackedDoubtsTest, TrainingVideosThatAreHeldOutUnderAnotherNameAreTold) {
  fs::copy_file(Prepared("video01.mkv"), Prepared("video04.mkv"),
                fs::copy_options::overwrite_existing);
  ASSERT_EQ(rows_.videos[1].subset, Subset::kTraining);
  ASSERT_EQ(rows_.videos[4].subset, Subset::kValidation);
  RunPackShards(options_);
  EXPECT_EQ(ReadFile(fs::path(options_.out_dir) / "same_content.tsv"),
            "validation_id\ttraining_id\nvideo04\tvideo01\n");
  EXPECT_THAT(TextsOf(DataDoubts(ShardSet(options_.out_dir))),
              Contains(HasSubstr("what is judged was trained on: video04 = video01")));
  RunPackShards(options_);  // keeps the shards without reading them again
  EXPECT_TRUE(fs::exists(fs::path(options_.out_dir) / "same_content.tsv"));
  Prepare(4, 9);
  RunPackShards(options_);
  EXPECT_FALSE(fs::exists(fs::path(options_.out_dir) / "same_content.tsv"));
}

TEST_F(PackedDoubtsTest, EachDoubtIsToldOnce) {
  fs::copy_file(Prepared("video01.mkv"), Prepared("video04.mkv"),
                fs::copy_options::overwrite_existing);
  rows_.videos[0].label = "held out";
  WriteManifest(options_.manifest, rows_);
  WriteClasses(folder_ / "classes.txt", {"held out", "jump", "wave"});
  const auto result = test::RunCommand({test::ToolPath("pack-shards").string(), options_.manifest,
                                        options_.prepared_dir, options_.out_dir});
  EXPECT_EQ(result.exit_status, kExitDone) << result.err;
  for (const char* doubt : {"every video is held out of held out", "video04 = video01"}) {
    EXPECT_THAT(result.err, HasSubstr(doubt));
    EXPECT_EQ(result.err.find(doubt), result.err.rfind(doubt)) << result.err;
  }
}

TEST_F(PackedDoubtsTest, PackingAgainMendsADamagedTableOfCopies) {
  RunPackShards(options_);
  fs::create_directories(fs::path(options_.out_dir) / "same_content.tsv/folder");
  EXPECT_THAT(TextsOf(DataDoubts(ShardSet(options_.out_dir))),
              ElementsAre(HasSubstr("pack again to know")));
  RunPackShards(options_);
  EXPECT_THAT(TextsOf(DataDoubts(ShardSet(options_.out_dir))), testing::IsEmpty());
}

// If missing.tsv were lost, its videos would no longer count as wrong.
TEST_F(PackedDoubtsTest, ALostTableIsRefusedUntilItIsPackedAgain) {
  fs::remove(Prepared("video08.mkv"));
  options_.max_failed_fraction = 1;
  RunPackShards(options_);
  const Files packed = Contents(options_.out_dir);
  fs::remove(fs::path(options_.out_dir) / "missing.tsv");
  EXPECT_THROW(ShardSet(options_.out_dir), Error);
  const PackShardsReport again = RunPackShards(options_);
  EXPECT_EQ(again.num_shards_kept, again.num_shards);
  EXPECT_EQ(ShardSet(options_.out_dir).NumMissing(Subset::kValidation), 1);
  EXPECT_THAT(Differences(Contents(options_.out_dir), packed), testing::IsEmpty());
}

TEST_F(PackedDoubtsTest, DoubtfulClassesAreTold) {
  for (VideoRow& row : rows_.videos) {
    row.label = "UCF-101";
  }
  WriteManifest(options_.manifest, rows_);
  WriteClasses(folder_ / "classes.txt", {"UCF-101"});
  RunPackShards(options_);
  EXPECT_THAT(TextsOf(DataDoubts(ShardSet(options_.out_dir))),
              ElementsAre(HasSubstr("all videos are of one class, UCF-101")));
  rows_.videos[0].label = "held out";
  rows_.videos[1].label = "trained";
  WriteManifest(options_.manifest, rows_);
  WriteClasses(folder_ / "classes.txt", {"UCF-101", "held out", "trained"});
  options_.overwrite = true;
  RunPackShards(options_);
  EXPECT_THAT(TextsOf(DataDoubts(ShardSet(options_.out_dir))),
              ElementsAre(HasSubstr("every video is held out of held out"),
                          HasSubstr("no video is held out of trained")));
}

}  // namespace
}  // namespace reel3d::test
