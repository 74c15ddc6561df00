// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/epoch_data.h"

#include "lib/infer/clip_tensors.h"

namespace reel3d {

EpochData::EpochData(const ShardSet& shards, const TrainOptions& options, const World& world,
                     at::Device device)
    : EpochLoaders(shards, options, world.rank(), world.size(), PixelsFor(device)),
      windows_(options.validation) {}

std::unique_ptr<BatchLoader> EpochData::Validation(int threads) const {
  return EpochLoaders::Validation({windows_.clips, windows_.capped}, threads);
}

}  // namespace reel3d
