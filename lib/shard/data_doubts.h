// Finds doubts about a folder of shards as a whole. They are reported when it is packed, and again
// when it is trained on and judged. See also lib/data/doubt.h.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/data/doubt.h"
#include "lib/shard/shard_set.h"

namespace reel3d {

// Returns the doubts of ClassDoubts(), and one for training videos that are held out under another
// name. If same_content.tsv is lost, damaged or cannot be read, that is a doubt too, and never an
// exception. A folder whose tables have no checksums is another (table_checksums.h).
std::vector<Doubt> DataDoubts(const ShardSet& shards);

}  // namespace reel3d
