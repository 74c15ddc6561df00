// SPDX-License-Identifier: Apache-2.0
#include "lib/loader/sampler.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace reel3d {
namespace {

VideoIndex MakeVideos(int count) {
  std::vector<IndexedVideo> videos(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    IndexedVideo& video = videos[static_cast<size_t>(i)];
    video.video_index = i;
    video.id = "video_" + std::to_string(i);
    video.subset = i % 4 == 3 ? Subset::kValidation : Subset::kTraining;
    video.num_frames = 16;
  }
  return VideoIndex(videos);
}

TEST(SamplerTest, TakesTheSubsetOnly) {
  EXPECT_EQ(VideosOfSubset(MakeVideos(10), Subset::kValidation), (std::vector<size_t>{3, 7}));
  EXPECT_TRUE(VideosOfSubset(MakeVideos(10), Subset::kTesting).empty());
}

TEST(SamplerTest, DrawsDependOnEachOfTheirKeys) {
  const VideoIndex videos = MakeVideos(2);
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
