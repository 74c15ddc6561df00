// same_content.tsv: validation videos that show exactly what a training video shows.
//
//   validation_id  training_id
//
// Made when shards are packed, from the frames' sizes and checksums, so it costs no reading and
// sees copies under other names, in other folders and in other containers. Absent where there are
// none.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "lib/shard/shard_format.h"
#include "lib/shard/shard_set.h"

namespace reel3d {

constexpr const char* kSameContentFile = "same_content.tsv";

// Ids: a validation video, and the first training video of the same frames.
using SameContentPairs = std::vector<std::pair<std::string, std::string>>;

// A hash of the frames of a video, their order and number: 64 bits.
uint64_t ContentHash(const ShardTable& table, size_t video);

// `contents` has the ContentHash() of each video of `index`. Pairs come in the order of the index.
SameContentPairs FindSameContent(const std::vector<IndexedVideo>& index,
                                 const std::vector<uint64_t>& contents);

SameContentPairs ReadSameContent(const std::filesystem::path& file);
void WriteSameContent(const std::filesystem::path& file, const SameContentPairs& pairs);

}  // namespace reel3d
