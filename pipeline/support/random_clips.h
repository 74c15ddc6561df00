// Draws random clips of all videos of a shard set, to measure the loader without training.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lib/data/clip_sampler.h"
#include "lib/data/crop_plan.h"
#include "lib/loader/batch_loader.h"
#include "lib/shard/shard_set.h"

namespace reel3d {

struct RandomClips {
  int64_t clips = 2000;
  int batch = 32;
  ClipShape clip;
  CropOptions crop;
  int64_t seed = 1;
};

// Returns the clip with number `index`. Only `options` and `index` decide it, so no list of all
// clips is needed. `shards` must hold at least one video.
ClipRequest DrawClip(const ShardSet& shards, const RandomClips& options, int64_t index);

// Returns the batches of all clips. Both arguments must outlive them.
BatchRequests DrawBatches(const ShardSet& shards, const RandomClips& options);

}  // namespace reel3d
