// Loads the clips of one rank in one epoch, as batches in the order of computation:
// training samples step by step, or the windows of the validation videos.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "lib/loader/batch_loader.h"
#include "lib/loader/epoch_options.h"
#include "lib/loader/epoch_order.h"
#include "lib/loader/sampler.h"
#include "lib/shard/shard_set.h"

namespace reel3d {

// The windows of each validation video.
struct ValidationWindows {
  int clips = 3;       // evenly spread
  bool capped = true;  // false: windows continue at that spacing to the video's end (2018 code)
};

class EpochLoaders {
 public:
  // `shards` must outlive this object, which must outlive its loaders. `allocate` gives the memory
  // for pixels; if it is empty, they lie in plain memory. Throws an input error if there are no
  // training videos, or a training or validation video has no label.
  EpochLoaders(const ShardSet& shards, const EpochOptions& options, int rank, int num_ranks,
               PixelAllocator allocate = {});

  int64_t num_training() const { return shards_.videos().Count(Subset::kTraining); }
  int64_t num_validation() const { return shards_.videos().Count(Subset::kValidation); }
  // Returns how an epoch is cut into steps, ranks' slices and micro-batches.
  const EpochPartition& partition() const { return partition_; }

  // Return the numbers of clips that this rank's batches have in training and in validation,
  // without 0. Damaged validation clips make a batch smaller.
  std::set<int64_t> TrainingSizes() const;
  std::set<int64_t> ValidationSizes(const ValidationWindows& windows) const;

  // Returns the videos whose clips all ranks together use in a step, as indices into
  // shards.videos(). Replacements of damaged videos are not among them.
  std::vector<size_t> VideosOfStep(int epoch, int64_t step) const;

  // Returns the shards that hold training or validation videos, in the order in which the epoch
  // first needs them from `first_step` on, for the clips of these ranks. Shards that they do not
  // need within the next 2^20 clips of all ranks follow, by number. Slow: it passes over the index
  // about four times. It returns some of the shards once `stop` returns true.
  std::vector<int> ShardsByNeed(int epoch, int64_t first_step, const std::vector<int>& ranks,
                                const std::function<bool()>& stop = {}) const;

  // Returns the loader of this rank's micro-batches of an epoch from `first_step` on:
  // NumMicroBatches() batches for each step, decoded by `threads` threads. Other clips replace
  // damaged ones; the choice depends only on seed, epoch and videos.
  std::unique_ptr<BatchLoader> Training(int epoch, int64_t first_step, int threads) const;
  // Returns the loader of this rank's share of the validation windows, in batches no larger than a
  // training batch. Damaged clips are reported and not replaced.
  std::unique_ptr<BatchLoader> Validation(const ValidationWindows& windows, int threads) const;

 private:
  std::shared_ptr<EpochOrder> Order(int epoch) const;
  BatchLoaderOptions LoaderOptions(int threads) const;
  IndexedVideo LabelledVideo(size_t video) const;
  BatchRequests ValidationBatches(const ValidationWindows& windows) const;
  ClipRequest TrainingClip(const Sample& sample, uint64_t seed, int epoch) const;

  const ShardSet& shards_;
  const EpochOptions options_;
  int rank_, num_ranks_;
  PixelAllocator allocate_;
  EpochPartition partition_;
};

}  // namespace reel3d
