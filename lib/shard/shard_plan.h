// Which videos share a shard. The plan depends on the order and the sizes of the prepared files
// alone, so it is known before anything is read, and the same whoever makes it.
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

// What of a manifest is to be packed, in its order, and what is not there.
struct PackPlan {
  std::vector<std::string> classes;
  std::vector<PlannedVideo> videos;
  std::vector<MissingVideo> missing;
};

// Looks for <id>.mkv of each video in `prepared_folder`. Throws an input error where a video's
// class is not among `classes`.
PackPlan PlanPack(const Manifest& manifest, const std::vector<std::string>& classes,
                  const std::filesystem::path& prepared_folder);

// Cuts the videos, in order, into runs of at most `shard_size_bytes`; a larger video stands alone.
// Returns the first video of each run, and at the end the number of videos.
std::vector<size_t> CutIntoShards(const std::vector<PlannedVideo>& videos,
                                  uint64_t shard_size_bytes);

// What the shard of videos [begin, end) is asked to hold, as 16 hexadecimal digits: kept as its
// attribute `plan`, so that a later run can tell whether the shard still is what it would write.
std::string PlanName(const std::vector<PlannedVideo>& videos, size_t begin, size_t end,
                     const std::vector<std::string>& classes);

}  // namespace reel3d
