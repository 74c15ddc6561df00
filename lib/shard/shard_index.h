// Reads and writes the tables beside the shards of a folder (see shard_set.h for the columns).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lib/data/manifest.h"
#include "lib/shard/table_checksums.h"

namespace reel3d {

struct IndexedVideo {
  int shard = 0;        // number in the file name NNNNN.h5
  int video_index = 0;  // row in that shard
  std::string id;
  int label = -1;  // index into the classes; -1: unknown
  Subset subset = Subset::kTraining;
  int num_frames = 0;
  double fps = 0;  // 0: unknown
};

constexpr double kMaxIndexedFps = 1e6;

// Gives the video of a row of an index, from 0, so that an index need not be in memory.
using IndexRows = std::function<IndexedVideo(size_t row)>;

std::vector<IndexedVideo> ReadIndex(const std::filesystem::path& file);
void WriteIndex(const std::filesystem::path& file, const std::vector<IndexedVideo>& videos);
// Returns size and checksum of the table that WriteIndex() makes of `count` rows.
TableSum SumOfIndex(size_t count, const IndexRows& rows);

// Returns the uuid of each shard, by its number.
std::map<int, std::string> ReadShardList(const std::filesystem::path& file);
void WriteShardList(const std::filesystem::path& file, const std::map<int, std::string>& uuids);

struct MissingVideo {
  std::string id;
  Subset subset = Subset::kTraining;
};
std::vector<MissingVideo> ReadMissing(const std::filesystem::path& file);
void WriteMissing(const std::filesystem::path& file, const std::vector<MissingVideo>& videos);

}  // namespace reel3d
