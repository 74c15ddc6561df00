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

// Returns clip `index`. It is drawn when it is due, so that no list grows with the number of clips.
// The set must hold a video.
ClipRequest DrawClip(const ShardSet& shards, const RandomClips& options, int64_t index);

// Returns the batches of all clips. Both arguments must outlive them.
BatchRequests DrawBatches(const ShardSet& shards, const RandomClips& options);

}  // namespace reel3d
