// Finds doubts (lib/data/doubt.h) about a complete folder of shards. They are reported when the
// folder is packed, checked, trained on or scored.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/data/doubt.h"
#include "lib/shard/shard_set.h"

namespace reel3d {

// Returns the doubts of ClassDoubts(), and a doubt for each of these: training videos are held out
// under another name; same_content.tsv is lost, damaged or cannot be read (never an exception); the
// folder's tables have no checksums (table_checksums.h).
std::vector<Doubt> DataDoubts(const ShardSet& shards);

}  // namespace reel3d
