// The clips that all loaders of a benchmark load. They are drawn once, as training draws them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "lib/data/crop_plan.h"
#include "lib/loader/batch_loader.h"
#include "lib/shard/shard_set.h"

namespace reel3d::bench {

struct BenchClip {
  ClipRequest request;
  CropPlan plan;  // the crop that request.crop_rng draws from `crop`
};

struct ClipList {
  CropOptions crop;
  std::vector<BenchClip> clips;
};

// Draws `count` clips of 16 frames from the videos in turn, so that each video counts the same.
ClipList DrawClips(const ShardSet& shards, int64_t count, uint64_t seed);

// Writes the clips for loaders in other languages, one per line: video, first_frame, num_distinct
// (16 frames, looped), frame_width, frame_height, x, y, side, flip.
void WriteClips(const std::filesystem::path& file, const ShardSet& shards, const ClipList& list);

}  // namespace reel3d::bench
