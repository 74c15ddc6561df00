// Finds validation videos whose frames are those of a training video, for same_content.tsv.
//
//   validation_id  training_id
//
// The table is made when shards are packed, from the frames' sizes and checksums. So it costs no
// reading, and finds copies under other names, in other folders and in other containers. It is
// absent if there are none. It only leads to a doubt, and so does its damage or
// loss.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "lib/data/held_out_copies.h"
#include "lib/shard/shard_format.h"
#include "lib/shard/shard_set.h"

namespace reel3d {

constexpr const char* kEqualFramesFile = "same_content.tsv";

// Returns a hash of the frames of a video, their order and number: 64 bits.
uint64_t ContentHash(const ShardTable& table, size_t video);

// Returns ids, in the order of the index. `contents` has the ContentHash() of each video of
// `index`.
HeldOutCopies FindEqualFrames(const std::vector<IndexedVideo>& index,
                              const std::vector<uint64_t>& contents);

// Throws an input error that names the file unless it is such a table over videos of `index`, or an
// environment error where the system cannot read it. It never waits, and reads no more bytes than
// such a table may have.
HeldOutCopies ReadEqualFrames(const std::filesystem::path& file,
                              const std::vector<IndexedVideo>& index);
void WriteEqualFrames(const std::filesystem::path& file, const HeldOutCopies& pairs);

}  // namespace reel3d
