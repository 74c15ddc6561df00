// The clips of one rank in one epoch, as batches of tensors in the order in which they are computed
// on: training samples step by step, or the windows of the validation videos.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "lib/dist/world.h"
#include "lib/loader/batch_loader.h"
#include "lib/loader/sampler.h"
#include "lib/shard/shard_set.h"
#include "lib/train/train_options.h"

namespace reel3d {

// Memory that `device` can copy pixels from while the host goes on.
PixelAllocator PixelsFor(at::Device device);

// Views of a Batch's bytes, valid until its loader's next Next().
struct ClipBatch {
  at::Tensor pixels;  // uint8 (N, 3, T, S, S)
  at::Tensor labels;  // int64 (N)
};
ClipBatch AsTensors(Batch& batch, int clip_length, int size);
// Without the clips that could neither be loaded nor replaced; a copy if there are any.
ClipBatch LoadedClips(Batch& batch, int clip_length, int size);

class EpochData {
 public:
  // `shards` must outlive this; the batches are for `device`. Throws an input error if a subset has
  // videos without a label.
  EpochData(const ShardSet& shards, const TrainOptions& options, const World& world,
            at::Device device);

  int64_t num_training() const { return static_cast<int64_t>(training_.size()); }
  int64_t num_validation() const { return static_cast<int64_t>(validation_.size()); }
  // The cut of each epoch: how many steps, clips of a step, micro-batches.
  const EpochPartition& partition() const { return partition_; }

  // Whose clips all ranks together compute on in a step: indices into shards.videos(), where none
  // is damaged.
  std::vector<size_t> VideosOfStep(int epoch, int64_t step) const;

  // This rank's micro-batches of an epoch from `first_step` on: NumMicroBatches() of each step,
  // decoded by `threads` threads. Other clips take the place of damaged ones: which, depends on
  // seed, epoch and videos alone.
  std::unique_ptr<BatchLoader> Training(int epoch, int64_t first_step, int threads) const;
  // This rank's share of the validation windows, in batches of no more than a training batch;
  // damaged ones are reported and not replaced.
  std::unique_ptr<BatchLoader> Validation(int threads) const;

 private:
  std::vector<Sample> Order(int epoch) const;
  BatchLoaderOptions LoaderOptions(int threads) const;
  ClipRequest TrainingClip(const Sample& sample, uint64_t seed, int epoch) const;

  const ShardSet& shards_;
  const TrainOptions& options_;
  int rank_, num_ranks_;
  PixelAllocator allocate_;
  std::vector<size_t> training_, validation_;  // indices into shards.videos()
  EpochPartition partition_;
};

}  // namespace reel3d
