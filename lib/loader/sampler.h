// Chooses the clips of an epoch and the rank that computes each; epoch_order.h has their order.
// Clips depend only on (seed, epoch, video ids), not on the manifest's order nor on the number of
// ranks or threads. This file reads no frames.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/base/rng.h"
#include "lib/shard/video_index.h"

namespace reel3d {

// Returns the indices of the videos of one subset, in index order.
std::vector<size_t> VideosOfSubset(const VideoIndex& videos, Subset subset);

// Returns the generator from which a training sample draws first its clip, then its crop. The video
// is known by the StableHash() of its id.
Rng SampleRng(uint64_t id_hash, int repetition, uint64_t seed, int64_t epoch);
Rng SampleRng(const IndexedVideo& video, int repetition, uint64_t seed, int64_t epoch);

// Places [begin, end) in an epoch's order.
struct SampleRange {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
};

// Divides the order of an epoch. Each step takes a batch of global_batch samples, each rank a slice
// of the batch, and each slice is cut into micro-batches. Slices and micro-batches are contiguous
// and as even as possible. The slices of a step, in order of rank, make up the batch.
struct EpochPartition {
  int64_t num_samples = 0;
  int64_t global_batch = 1;
  bool drop_last = false;  // discard a smaller last batch, unless it is the only one
  int num_ranks = 1;
  int64_t micro_batch = 0;  // maximum samples that a rank computes at once; 0: no limit

  int64_t NumSteps() const;
  // `step` is 0 .. NumSteps()-1, `rank` is 0 .. num_ranks-1.
  SampleRange Batch(int64_t step) const;
  SampleRange Slice(int64_t step, int rank) const;
  // Returns a number of at least 1 that is the same on every rank. With fewer samples than ranks
  // some micro-batches are empty.
  int64_t NumMicroBatches(int64_t step) const;
  SampleRange MicroBatch(int64_t step, int rank, int64_t micro_batch_index) const;
};

}  // namespace reel3d
