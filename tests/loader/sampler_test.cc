// SPDX-License-Identifier: Apache-2.0
#include "lib/loader/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace reel3d {
namespace {

std::vector<IndexedVideo> MakeVideos(int count) {
  std::vector<IndexedVideo> videos(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    videos[static_cast<size_t>(i)].id = "video_" + std::to_string(i);
    videos[static_cast<size_t>(i)].subset = i % 4 == 3 ? Subset::kValidation : Subset::kTraining;
  }
  return videos;
}

using Name = std::pair<std::string, int>;
std::vector<Name> OrderByName(const std::vector<IndexedVideo>& videos, uint64_t seed, int64_t epoch,
                              int clips_per_video) {
  std::vector<Name> names;
  for (const Sample& sample : EpochOrder(videos, VideosOfSubset(videos, Subset::kTraining), seed,
                                         epoch, clips_per_video)) {
    names.emplace_back(videos[sample.video].id, sample.repetition);
  }
  return names;
}

TEST(SamplerTest, TakesTheSubsetOnly) {
  EXPECT_EQ(VideosOfSubset(MakeVideos(10), Subset::kValidation), (std::vector<size_t>{3, 7}));
  EXPECT_TRUE(VideosOfSubset(MakeVideos(10), Subset::kTesting).empty());
}

TEST(SamplerTest, EveryClipOnceAnEpochInAnOrderOfItsOwn) {
  const std::vector<IndexedVideo> videos = MakeVideos(100);
  const std::vector<Name> first = OrderByName(videos, 1, 0, 3);
  EXPECT_EQ(first.size(), 225U);
  EXPECT_EQ(std::set<Name>(first.begin(), first.end()).size(), 225U);
  EXPECT_EQ(first, OrderByName(videos, 1, 0, 3));
  EXPECT_NE(first, OrderByName(videos, 1, 1, 3));
  EXPECT_NE(first, OrderByName(videos, 2, 0, 3));
  std::vector<Name> sorted = first;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_NE(first, sorted);
}

TEST(SamplerTest, TheManifestsOrderChangesNothing) {
  std::vector<IndexedVideo> videos = MakeVideos(60);
  const std::vector<Name> order = OrderByName(videos, 5, 2, 2);
  std::reverse(videos.begin(), videos.end());
  EXPECT_EQ(OrderByName(videos, 5, 2, 2), order);
  std::rotate(videos.begin(), videos.begin() + 17, videos.end());
  EXPECT_EQ(OrderByName(videos, 5, 2, 2), order);
}

TEST(SamplerTest, PositionsAreUniform) {
  // Count the places at which the first of 8 videos comes in 8000 epochs.
  std::vector<IndexedVideo> videos = MakeVideos(8);
  std::vector<int> counts(8);
  for (int epoch = 0; epoch < 8000; ++epoch) {
    const std::vector<Sample> order = EpochOrder(videos, {0, 1, 2, 3, 4, 5, 6, 7}, 1, epoch, 1);
    for (size_t place = 0; place < order.size(); ++place) {
      counts[place] += order[place].video == 0 ? 1 : 0;
    }
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, 1000, 130);
  }
}

TEST(SamplerTest, DrawsDependOnEachOfTheirKeys) {
  const std::vector<IndexedVideo> videos = MakeVideos(2);
  const auto draw = [&](size_t video, int repetition, uint64_t seed, int64_t epoch) {
    return SampleRng(videos[video], repetition, seed, epoch).Next();
  };
  EXPECT_EQ(draw(0, 0, 1, 0), draw(0, 0, 1, 0));
  const std::set<uint64_t> different = {draw(0, 0, 1, 0), draw(1, 0, 1, 0), draw(0, 1, 1, 0),
                                        draw(0, 0, 2, 0), draw(0, 0, 1, 1)};
  EXPECT_EQ(different.size(), 5U);
}

TEST(EpochPartitionTest, StepsAndLastBatch) {
  struct Case {
    int64_t num_samples, global_batch;
    bool drop_last;
    int64_t num_steps, last_size;
  };
  for (const Case& item :
       {Case{100, 10, false, 10, 10}, Case{100, 10, true, 10, 10}, Case{105, 10, false, 11, 5},
        Case{105, 10, true, 10, 10}, Case{7, 10, false, 1, 7}, Case{7, 10, true, 1, 7}}) {
    const EpochPartition partition = {item.num_samples, item.global_batch, item.drop_last};
    EXPECT_EQ(partition.NumSteps(), item.num_steps);
    EXPECT_EQ(partition.Batch(item.num_steps - 1).size(), item.last_size);
  }
  EXPECT_EQ((EpochPartition{0, 10}.NumSteps()), 0);
}

// A step's samples and their order do not depend on the number of ranks or the micro-batches.
TEST(EpochPartitionTest, RanksAndMicroBatchesTileEachStep) {
  for (const int64_t num_samples : {1, 5, 64, 131}) {
    for (const int num_ranks : {1, 2, 3, 4, 7}) {
      for (const int64_t micro_batch : {0, 1, 3, 8, 1000}) {
        const EpochPartition partition = {num_samples, 32, false, num_ranks, micro_batch};
        int64_t next = 0;
        for (int64_t step = 0; step < partition.NumSteps(); ++step) {
          ASSERT_GE(partition.NumMicroBatches(step), 1);
          const int64_t ideal = partition.Batch(step).size() / num_ranks;
          for (int rank = 0; rank < num_ranks; ++rank) {
            const SampleRange slice = partition.Slice(step, rank);
            EXPECT_EQ(slice.begin, next);
            EXPECT_LE(slice.size() - ideal, 1);
            for (int64_t i = 0; i < partition.NumMicroBatches(step); ++i) {
              const SampleRange part = partition.MicroBatch(step, rank, i);
              EXPECT_EQ(part.begin, next);
              EXPECT_GE(part.size(), 0);
              if (micro_batch > 0) {
                EXPECT_LE(part.size(), micro_batch);
              }
              next = part.end;
            }
            EXPECT_EQ(slice.end, next);
          }
        }
        EXPECT_EQ(next, num_samples);
      }
    }
  }
}

TEST(EpochPartitionTest, WorkedExample) {
  // 10 samples on 4 ranks give 2 3 2 3; with at most 2 at once, every rank has 2 micro-batches.
  const EpochPartition partition = {10, 10, false, 4, 2};
  EXPECT_EQ(partition.NumMicroBatches(0), 2);
  const int64_t begins[] = {0, 2, 5, 7};
  for (int rank = 0; rank < 4; ++rank) {
    EXPECT_EQ(partition.Slice(0, rank).begin, begins[rank]);
  }
  EXPECT_EQ(partition.MicroBatch(0, 1, 0).size(), 1);
  EXPECT_EQ(partition.MicroBatch(0, 1, 1).size(), 2);
}

}  // namespace
}  // namespace reel3d
