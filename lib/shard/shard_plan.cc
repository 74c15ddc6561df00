// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_plan.h"

#include <fmt/format.h>

#include <unordered_map>

#include "lib/base/error.h"
#include "lib/base/rng.h"
#include "lib/shard/shard_format.h"

namespace reel3d {
namespace {

int LabelIndex(const VideoRow& row, const std::unordered_map<std::string, int>& index_of_class) {
  if (row.label.empty()) {
    return -1;
  }
  const auto found = index_of_class.find(row.label);
  if (found == index_of_class.end()) {
    throw InputError(
        fmt::format("video {} has class '{}', which the list of classes lacks", row.id, row.label));
  }
  return found->second;
}

}  // namespace

PackPlan PlanPack(const Manifest& manifest, const std::vector<std::string>& classes,
                  const std::filesystem::path& prepared_folder) {
  std::unordered_map<std::string, int> index_of_class;
  for (const std::string& name : classes) {
    index_of_class.emplace(name, static_cast<int>(index_of_class.size()));
  }
  PackPlan plan;
  plan.classes = classes;
  for (const VideoRow& row : manifest.videos) {
    const int label = LabelIndex(row, index_of_class);
    std::error_code absent;
    const uintmax_t size_bytes =
        std::filesystem::file_size(prepared_folder / (row.id + ".mkv"), absent);
    if (absent) {
      plan.missing.push_back({row.id, row.subset});
    } else {
      plan.videos.push_back({row.id, label, row.subset, size_bytes});
    }
  }
  return plan;
}

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
