// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_plan.h"

#include <fmt/format.h>

#include "lib/base/rng.h"
#include "lib/shard/shard_format.h"

namespace reel3d {

std::vector<size_t> CutIntoShards(const std::vector<PlannedVideo>& videos,
                                  uint64_t shard_size_bytes) {
  std::vector<size_t> cuts = {0};
  uint64_t size_bytes = 0;
  for (size_t i = 0; i < videos.size(); ++i) {
    if (i > cuts.back() && size_bytes + videos[i].size_bytes > shard_size_bytes) {
      cuts.push_back(i);
      size_bytes = 0;
    }
    size_bytes += videos[i].size_bytes;
  }
  if (!videos.empty()) {
    cuts.push_back(videos.size());
  }
  return cuts;
}

std::string PlanName(const std::vector<PlannedVideo>& videos, size_t begin, size_t end,
                     const std::vector<std::string>& classes) {
  std::string text = fmt::format("{} {}\n", kShardVersion, classes.size());
  for (const std::string& name : classes) {
    text += name + "\n";
  }
  for (size_t i = begin; i < end; ++i) {
    text += fmt::format("{}\t{}\t{}\n", videos[i].id, videos[i].label, videos[i].size_bytes);
  }
  return fmt::format("{:016x}", StableHash(text));
}

}  // namespace reel3d
