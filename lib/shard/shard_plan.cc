// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_plan.h"

#include <fmt/format.h>

#include <set>
#include <unordered_map>

#include "lib/base/error.h"
#include "lib/base/rng.h"
#include "lib/data/names.h"
#include "lib/data/prepared_folder.h"
#include "lib/shard/shard_format.h"

namespace reel3d {
namespace {

using ClassIndex = std::unordered_map<std::string, int>;

// Maps class names to indices, also by their composed Unicode form, because the manifest may spell
// a name in another form.
ClassIndex IndexClasses(const std::vector<std::string>& classes) {
  ClassIndex index;
  for (size_t i = 0; i < classes.size(); ++i) {
    index.emplace(classes[i], static_cast<int>(i));
  }
  for (size_t i = 0; i < classes.size(); ++i) {
    index.emplace(ComposedForm(classes[i]), static_cast<int>(i));
  }
  return index;
}

// Returns an error that names the classes that `classes` lacks, and those it has instead.
Error LacksClass(const VideoRow& row, const Manifest& manifest,
                 const std::vector<std::string>& classes) {
  std::set<std::string> labels = {row.label};
  std::vector<std::string> of_manifest;
  for (const VideoRow& video : manifest.videos) {
    if (!video.label.empty() && labels.insert(video.label).second) {
      of_manifest.push_back(video.label);
    }
  }
  of_manifest.insert(of_manifest.begin(), row.label);
  return InputError(
      fmt::format("video {} has class '{}', which the list of classes lacks: {}", row.id, row.label,
                  ClassDifference({"the manifest", of_manifest}, {"the list", classes})));
}

}  // namespace

std::vector<size_t> CutIntoGroups(const Manifest& manifest, int64_t group_videos) {
  const std::vector<VideoRow>& rows = manifest.videos;
  std::vector<size_t> cuts = {0};
  for (size_t row = 1; row < rows.size() && group_videos > 0; ++row) {
    const bool is_full = row - cuts.back() >= static_cast<size_t>(group_videos);
    if (is_full && rows[row].path != rows[row - 1].path) {
      cuts.push_back(row);
    }
  }
  if (!rows.empty()) {
    cuts.push_back(rows.size());
  }
  return cuts;
}

std::vector<int> LabelRows(const Manifest& manifest, const std::vector<std::string>& classes) {
  const ClassIndex index_of_class = IndexClasses(classes);
  std::vector<int> labels;
  for (const VideoRow& row : manifest.videos) {
    int label = -1;
    if (!row.label.empty()) {
      auto found = index_of_class.find(row.label);
      found = found == index_of_class.end() ? index_of_class.find(ComposedForm(row.label)) : found;
      if (found == index_of_class.end()) {
        throw LacksClass(row, manifest, classes);
      }
      label = found->second;
    }
    labels.push_back(label);
  }
  return labels;
}

PackPlan PlanPack(const Manifest& manifest, const std::vector<std::string>& classes,
                  const std::filesystem::path& prepared_folder, int64_t group_videos) {
  const std::vector<int> labels = LabelRows(manifest, classes);
  PackPlan plan;
  plan.classes = classes;
  const std::vector<size_t> groups = CutIntoGroups(manifest, group_videos);
  size_t group = 0;
  for (size_t number = 0; number < manifest.videos.size(); ++number) {
    const VideoRow& row = manifest.videos[number];
    group += number == groups[group + 1] ? 1 : 0;
    std::error_code absent;
    const uintmax_t size_bytes =
        std::filesystem::file_size(PreparedFile(prepared_folder, row.id), absent);
    if (absent) {
      plan.missing.push_back({row.id, row.subset});
    } else {
      plan.videos.push_back(
          {row.id, labels[number], row.subset, size_bytes, static_cast<int>(groups[group])});
    }
  }
  return plan;
}

std::vector<PlannedShard> CutIntoShards(const std::vector<PlannedVideo>& videos,
                                        uint64_t shard_size_bytes) {
  std::vector<PlannedShard> shards;
  uint64_t size_bytes = 0;
  for (size_t i = 0; i < videos.size(); ++i) {
    const bool is_new_group = i == 0 || videos[i].group != videos[i - 1].group;
    if (is_new_group || size_bytes + videos[i].size_bytes > shard_size_bytes) {
      const int number = is_new_group ? videos[i].group : shards.back().number + 1;
      shards.push_back({number, i, i});
      size_bytes = 0;
    }
    size_bytes += videos[i].size_bytes;
    shards.back().end = i + 1;
  }
  return shards;
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
