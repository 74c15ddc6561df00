// Decides which videos share a shard. The plan depends only on the order and the sizes of the
// prepared files. So it is known before any file is read, and every process computes the same plan.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/data/manifest.h"
#include "lib/shard/shard_set.h"

namespace reel3d {

struct PlannedVideo {
  std::string id;
  int label = -1;
  Subset subset = Subset::kTraining;
  uint64_t size_bytes = 0;  // of the prepared file
};

// The videos of a manifest that will be packed, in its order, and those that are missing.
struct PackPlan {
  std::vector<std::string> classes;
  std::vector<PlannedVideo> videos;
  std::vector<MissingVideo> missing;
};

// Looks for <id>.mkv of each video in `prepared_folder`. Throws an input error if a video's class
// is not among `classes`.
PackPlan PlanPack(const Manifest& manifest, const std::vector<std::string>& classes,
                  const std::filesystem::path& prepared_folder);

// Cuts the videos, in order, into shards of at most `shard_size_bytes`; a larger video gets its own
// shard. Returns the first video of each shard, followed by the number of videos.
std::vector<size_t> CutIntoShards(const std::vector<PlannedVideo>& videos,
                                  uint64_t shard_size_bytes);

// Returns 16 hexadecimal digits that name the content planned for the shard of videos [begin, end).
// The shard keeps them as its attribute `plan`, so that a later run recognises a shard that it
// would write again in the same way.
std::string PlanName(const std::vector<PlannedVideo>& videos, size_t begin, size_t end,
                     const std::vector<std::string>& classes);

}  // namespace reel3d
