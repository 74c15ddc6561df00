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

std::set<int64_t> EpochData::BatchSizes() const {
  std::set<int64_t> sizes = TrainingSizes();
  if (windows_.every > 0) {
    sizes.merge(ValidationSizes({windows_.clips, windows_.capped}));
  }
  return sizes;
}

}  // namespace reel3d
