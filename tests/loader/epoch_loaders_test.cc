// Compares the order in which shards are to be copied, and the sizes of batches, with the clips
// that the loaders take.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "lib/loader/epoch_loaders.h"
#include "tests/shard/small_shard.h"
#include "tests/test_support.h"

namespace reel3d::test {
namespace {

constexpr int kShards = 12;      // with training videos
constexpr int kValidating = 12;  // number of the shard that only has validation videos
constexpr int kTesting = 13;     // and of the one that only has testing videos

class EpochLoadersTest : public ::testing::Test {
 protected:
  EpochLoadersTest() {
    std::vector<IndexedVideo> index;
    std::map<int, std::string> uuids;
    for (int number = 0; number <= kTesting; ++number) {
      SmallShard shard = MakeSmallShard();
      for (size_t i = 0; i < shard.table.videos.size(); ++i) {
        ShardVideo& video = shard.table.videos[i];
        video.id += std::to_string(number);
        video.label = 0;
        const Subset subset = number == kTesting      ? Subset::kTesting
                              : number == kValidating ? Subset::kValidation
                                                      : Subset::kTraining;
        const auto num_frames =
            static_cast<int>(shard.table.first_frames[i + 1] - shard.table.first_frames[i]);
        index.push_back({number, static_cast<int>(i), video.id, 0, subset, num_frames, 25});
      }
      WriteShard(folder_ / ShardFileName(number), shard);
      uuids[number] = ContentUuid(shard.table);
    }
    WriteIndex(folder_ / "index.tsv", index);
    WriteShardList(folder_ / "shards.tsv", uuids);
    WriteClasses(folder_ / "classes.txt", {"jump", "wave"});
    WriteMissing(folder_ / "missing.tsv", {});
    WriteFileAtomically(folder_ / "DONE", FormatTableChecksums(folder_.path()));
    shards_.emplace(folder_.path());
    options_.clip.length = 2;
    options_.crop.size = 16;
    options_.batch = 4;
  }

  // Returns the shards of the clips that these ranks load, in the order of their first use.
  std::vector<int> Loaded(int epoch, int64_t first_step, const std::vector<int>& ranks,
                          int num_ranks) {
    std::vector<std::unique_ptr<EpochLoaders>> data;
    std::vector<std::unique_ptr<BatchLoader>> loaders;
    for (const int rank : ranks) {
      data.push_back(std::make_unique<EpochLoaders>(*shards_, options_, rank, num_ranks));
      loaders.push_back(data.back()->Training(epoch, first_step, 1));
    }
    std::vector<int> numbers;
    Batch batch;
    for (bool is_more = true; is_more;) {
      for (const auto& loader : loaders) {
        is_more = loader->Next(&batch);
        for (size_t i = 0; is_more && i < batch.clips.size(); ++i) {
          const int number = shards_->videos()[batch.clips[i].video].shard;
          if (std::find(numbers.begin(), numbers.end(), number) == numbers.end()) {
            numbers.push_back(number);
          }
        }
      }
    }
    return numbers;
  }

  TemporaryFolder folder_;
  std::optional<ShardSet> shards_;
  EpochOptions options_;
};

TEST_F(EpochLoadersTest, ShardsComeInTheOrderOfFirstUse) {
  for (const auto& [epoch, first_step, ranks, num_ranks] :
       {std::tuple<int, int64_t, std::vector<int>, int>{0, 0, {0}, 1},
        {1, 0, {0}, 1},
        {0, 4, {0}, 1},
        {0, 0, {1}, 2},
        {2, 1, {0, 2}, 4}}) {
    const EpochLoaders data(*shards_, options_, 0, num_ranks);
    const std::vector<int> by_need = data.ShardsByNeed(epoch, first_step, ranks);
    std::vector<int> expected = Loaded(epoch, first_step, ranks, num_ranks);
    ASSERT_GT(expected.size(), 2U);
    for (int number = 0; number <= kValidating; ++number) {  // the others follow
      if (std::find(expected.begin(), expected.end(), number) == expected.end()) {
        expected.push_back(number);
      }
    }
    EXPECT_EQ(by_need, expected);
    EXPECT_EQ(by_need.back(), kValidating);
  }
}

TEST_F(EpochLoadersTest, AfterTheLastStepShardsComeByNumber) {
  const EpochLoaders data(*shards_, options_, 0, 1);
  const std::vector<int> by_need = data.ShardsByNeed(0, data.partition().NumSteps(), {0});
  EXPECT_EQ(by_need.size(), size_t{kShards} + 1);
  EXPECT_TRUE(std::is_sorted(by_need.begin(), by_need.end()));
}

std::set<int64_t> SizesOf(std::unique_ptr<BatchLoader> loader) {
  std::set<int64_t> sizes;
  Batch batch;
  while (loader->Next(&batch)) {
    sizes.insert(batch.size());
  }
  sizes.erase(0);
  return sizes;
}

TEST_F(EpochLoadersTest, StatesTheSizesOfAllBatches) {
  std::set<size_t> counts;
  for (const LastBatch last_batch : {LastBatch::kDrop, LastBatch::kKeep}) {
    for (const int batch : {1, 5, 7, 1000}) {
      for (const int micro_batch : {0, 2, 3}) {
        for (const int num_ranks : {1, 2, 3}) {
          for (int rank = 0; rank < num_ranks; ++rank) {
            options_.last_batch = last_batch;
            options_.batch = batch;
            options_.micro_batch = micro_batch;
            const EpochLoaders data(*shards_, options_, rank, num_ranks);
            const std::set<int64_t> sizes = data.TrainingSizes();
            EXPECT_EQ(sizes, SizesOf(data.Training(0, 0, 1)));
            counts.insert(sizes.size());
            for (const int clips : {1, 3}) {
              EXPECT_EQ(data.ValidationSizes({clips}), SizesOf(data.Validation({clips}, 1)));
            }
          }
        }
      }
    }
  }
  EXPECT_GT(counts.size(), 1U) << "no case has batches of several sizes";
}

}  // namespace
}  // namespace reel3d::test
