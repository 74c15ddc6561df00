// Makes the loaders of this rank for the epochs of a training run, from the run's settings.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <set>

#include "lib/dist/world.h"
#include "lib/loader/epoch_loaders.h"
#include "lib/shard/shard_set.h"
#include "lib/train/train_options.h"

namespace reel3d {

class EpochData : public EpochLoaders {
 public:
  // `shards` and `options` must outlive this object. The batches are made for `device`. Throws as
  // EpochLoaders does.
  EpochData(const ShardSet& shards, const TrainOptions& options, const World& world,
            at::Device device);

  // Returns the loader of this rank's share of the validation windows that `options` defines.
  std::unique_ptr<BatchLoader> Validation(int threads) const;
  // Returns the numbers of clips that the network computes at once on this rank, without 0.
  std::set<int64_t> BatchSizes() const;

 private:
  const ValidationOptions& windows_;
};

}  // namespace reel3d
