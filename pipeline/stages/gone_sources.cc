// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/gone_sources.h"

#include <fmt/format.h>

#include <string>
#include <system_error>
#include <unordered_map>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/shard/shard_reader.h"
#include "lib/shard/shard_set.h"
#include "pipeline/stages/packed_tables.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Returns the shard of each video in the shards of the group's numbers. The last group also has
// the shards of a longer manifest.
std::unordered_map<std::string, fs::path> VideosThere(const fs::path& folder,
                                                      const VideoGroup& group, bool is_last) {
  std::unordered_map<std::string, fs::path> videos;
  for (const int number : ShardsIn(folder)) {
    const auto row = static_cast<size_t>(number);
    if (row < group.begin || (row >= group.end && !is_last)) {
      continue;
    }
    const fs::path file = folder / ShardFileName(number);
    try {
      const ShardReader reader(file);
      for (const ShardVideo& video : reader.table().videos) {
        videos.emplace(video.id, file);
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) {
        throw;
      }
      LogWarn(fmt::format("{}; packing it again", error.what()));
    }
  }
  return videos;
}

}  // namespace

void RequireSourcesOfShards(const fs::path& folder, const Manifest& manifest,
                            const VideoGroup& group) {
  const auto there = VideosThere(folder, group, group.end == manifest.videos.size());
  if (there.empty()) {
    return;
  }
  const VideoRow* first_gone = nullptr;
  size_t num_gone = 0;
  for (const VideoRow& row : manifest.videos) {
    std::error_code absent;
    if (there.count(row.id) != 0 && !fs::exists(manifest.VideoPath(row), absent)) {
      first_gone = num_gone++ == 0 ? &row : first_gone;
    }
  }
  if (first_gone != nullptr) {
    throw InputError(fmt::format(
        "{}: video '{}'{} is packed there, and its file {} is gone; packing rows {} to {} of the "
        "manifest again would lose it: put the files back, or undo what changed in the manifest, "
        "the classes or the shards, or remove the shards of these rows to go on without the videos",
        there.at(first_gone->id).string(), first_gone->id,
        num_gone > 1 ? fmt::format(" (one of {})", num_gone) : "",
        manifest.VideoPath(*first_gone).string(), group.begin + 1, group.end));
  }
}

}  // namespace reel3d
