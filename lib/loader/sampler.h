// Which clips an epoch is made of, in which order, and which of them are whose: a function of
// (seed, epoch, video ids) alone. The manifest's order, the number of ranks and of threads change
// nothing. Reads no frames.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/base/rng.h"
#include "lib/shard/shard_set.h"

namespace reel3d {

// One clip to take: of videos[video], the repetition-th of this epoch, from 0.
struct Sample {
  size_t video = 0;
  int repetition = 0;
};

// Indices of the videos of one subset, in index order.
std::vector<size_t> VideosOfSubset(const std::vector<IndexedVideo>& videos, Subset subset);

// clips_per_video samples of each of `members` (indices into `videos`), shuffled.
std::vector<Sample> EpochOrder(const std::vector<IndexedVideo>& videos,
                               const std::vector<size_t>& members, uint64_t seed, int64_t epoch,
                               int clips_per_video);

// The generator that a training sample draws its clip from, then its crop.
Rng SampleRng(const IndexedVideo& video, int repetition, uint64_t seed, int64_t epoch);

// Places [begin, end) in an epoch's order.
struct SampleRange {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
};

// An epoch's order cut into steps of global_batch samples, each step's batch into one slice for
// each rank, and each slice into micro-batches. Slices and micro-batches are contiguous and as
// even as can be; the ranks' slices of a step are the whole batch, in order of rank.
struct EpochPartition {
  int64_t num_samples = 0;
  int64_t global_batch = 1;
  bool drop_last = false;  // leaves out a smaller last batch, unless it is the only one
  int num_ranks = 1;
  int64_t micro_batch = 0;  // most samples a rank computes at once; 0: no limit

  int64_t NumSteps() const;
  // step 0 .. NumSteps()-1, rank 0 .. num_ranks-1.
  SampleRange Batch(int64_t step) const;
  SampleRange Slice(int64_t step, int rank) const;
  // The same on every rank, at least 1; where there are fewer samples than ranks, some are empty.
  int64_t NumMicroBatches(int64_t step) const;
  SampleRange MicroBatch(int64_t step, int rank, int64_t micro_batch_index) const;
};

}  // namespace reel3d
