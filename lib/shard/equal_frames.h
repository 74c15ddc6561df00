// Finds validation videos whose frames are those of a training video, for same_content.tsv.
//
//   validation_id  training_id
//
// pack-shards makes the table from the frames' sizes and checksums, without reading frames again.
// The table lists copies under other names, in other folders and in other containers. If there are
// no copies, there is no table. Copies only lead to a doubt (lib/data/doubt.h), and so does a
// damaged or lost table.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "lib/data/held_out_copies.h"
#include "lib/shard/shard_format.h"
#include "lib/shard/video_index.h"

namespace reel3d {

constexpr const char* kEqualFramesFile = "same_content.tsv";

// Returns a hash of the frames of a video, their order and number: 64 bits.
uint64_t ContentHash(const ShardTable& table, size_t video);

// Returns the pairs of ids, in the order of `index`. `contents` has the ContentHash() of each video
// of `index`.
HeldOutCopies FindEqualFrames(const std::vector<IndexedVideo>& index,
                              const std::vector<uint64_t>& contents);

// Throws an input error that names the file if it is not such a table over videos of `index`, and
// an environment error if the system cannot read it. Never blocks on a pipe, and reads no more
// bytes than such a table may have.
HeldOutCopies ReadEqualFrames(const std::filesystem::path& file, const VideoIndex& index);
void WriteEqualFrames(const std::filesystem::path& file, const HeldOutCopies& pairs);

}  // namespace reel3d
