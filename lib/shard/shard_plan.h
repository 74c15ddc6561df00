// Decides which videos share a shard. The plan depends only on the order and the sizes of the
// prepared files. So it is known before any file is read, and every process computes the same plan.
//
// A manifest may be cut into groups (CutIntoGroups). Then a shard holds videos of one group, so
// that the shards of a group depend on no other group, not even in their names. The shards of a
// group have the numbers r, r + 1, ..., where r is the group's first row in the manifest. A group
// never has more shards than rows, so these numbers are free. Without groups the numbers begin
// at 0, and none is left out.
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
  int group = 0;            // first row of its group in the manifest; 0 without groups
};

// The videos [begin, end) of a plan, which go into the shard of this number.
struct PlannedShard {
  int number = 0;
  size_t begin = 0, end = 0;
};

// The videos of a manifest that will be packed, in its order, and those that are missing.
struct PackPlan {
  std::vector<std::string> classes;
  std::vector<PlannedVideo> videos;
  std::vector<MissingVideo> missing;
};

// Returns the first row of each group, followed by the number of rows. A group has `group_videos`
// rows, and then those that follow of the same file, so that no file is cut if its rows stand
// together. The groups depend on the manifest alone. 0: all rows are one group.
std::vector<size_t> CutIntoGroups(const Manifest& manifest, int64_t group_videos);

// Returns the index into `classes` of each row's label, -1 for no label. Throws an input error if a
// label is not among them.
std::vector<int> LabelRows(const Manifest& manifest, const std::vector<std::string>& classes);

// Looks for <id>.mkv of each video in `prepared_folder`. Throws as LabelRows() does.
PackPlan PlanPack(const Manifest& manifest, const std::vector<std::string>& classes,
                  const std::filesystem::path& prepared_folder, int64_t group_videos = 0);

// Cuts the videos, in order, into shards of at most `shard_size_bytes` and of one group; a larger
// video gets its own shard.
std::vector<PlannedShard> CutIntoShards(const std::vector<PlannedVideo>& videos,
                                        uint64_t shard_size_bytes);

// Returns 16 hexadecimal digits that name the content planned for the shard of videos [begin, end).
// The shard keeps them as its attribute `plan`, so that a later run recognises a shard that it
// would write again in the same way.
std::string PlanName(const std::vector<PlannedVideo>& videos, size_t begin, size_t end,
                     const std::vector<std::string>& classes);

}  // namespace reel3d
