// The record of a group of videos that pack-videos has packed: groups/<first row>.json in the
// folder of shards. It is written when all shards of the group are published, so a group with a
// valid record is complete. The tables of the folder are made from the records, without opening
// shards.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/data/manifest.h"

namespace reel3d {

// The folder of the records, below that of the shards.
constexpr const char* kGroupsFolder = "groups";

// The rows [begin, end) of a manifest. `index` counts the groups from 0.
struct VideoGroup {
  size_t index = 0;
  size_t begin = 0, end = 0;
};

struct GroupShard {
  int number = 0;
  std::string uuid;
  uint64_t size_bytes = 0;
};

// A video in a shard. `row` counts from the first row of the manifest.
struct GroupVideo {
  size_t row = 0;
  int shard = 0, video_index = 0;
  int num_frames = 0;
  double fps = 0;
  uint64_t content = 0;  // ContentHash()
};

// A video that could not be prepared or packed.
struct GroupFailure {
  size_t row = 0;
  std::string stage, reason;
};

struct GroupRecord {
  std::string plan;  // of GroupPlan()
  // Sizes of the rows' source files in bytes when they were prepared; -1: there was none.
  std::vector<int64_t> sources;
  std::vector<GroupShard> shards;  // by number
  std::vector<GroupVideo> videos;  // by row
  std::vector<GroupFailure> failures;
  std::map<std::string, std::string> warnings;
  int64_t num_truncated = 0;
};

// Returns 16 hexadecimal digits that name what a group is made of: the settings, the classes, and
// its rows without their subsets, which no shard holds.
std::string GroupPlan(const Manifest& manifest, const VideoGroup& group,
                      const std::vector<std::string>& classes, const std::string& settings);

// Returns the sizes of the group's sources now, as GroupRecord::sources has them.
std::vector<int64_t> SourceSizes(const Manifest& manifest, const VideoGroup& group);

std::filesystem::path GroupRecordFile(const std::filesystem::path& folder, const VideoGroup& group);
void WriteGroupRecord(const std::filesystem::path& folder, const VideoGroup& group,
                      const GroupRecord& record);

// Returns the record if it is of this plan, and all its shards are in `folder` with their sizes.
// Otherwise returns nothing; a damaged record leads to a warning.
std::optional<GroupRecord> ReadGroupRecord(const std::filesystem::path& folder,
                                           const VideoGroup& group, const std::string& plan);

// Returns what the file of the record holds; "" if there is none that can be read.
std::string GroupRecordText(const std::filesystem::path& folder, const VideoGroup& group);

// Returns whether the shards of the record in `folder` are those that it describes. Opens them.
bool DescribesShards(const std::filesystem::path& folder, const GroupRecord& record);

// Says what has become of the sources of the videos in the record's shards. Videos that failed do
// not count.
enum class SourceChange { kNone, kSomeChanged, kSomeGone };
SourceChange ChangeOfSources(const GroupRecord& record, const VideoGroup& group,
                             const std::vector<int64_t>& sources);

}  // namespace reel3d
