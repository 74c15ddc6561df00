// Finds doubts about a folder of shards as a whole. They are said when it is packed, and once more
// when it is trained on and judged. See also lib/data/doubt.h.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/data/doubt.h"
#include "lib/shard/shard_set.h"

namespace reel3d {

// Returns those of ClassDoubts(), and training videos that are held out under another name. If
// same_content.tsv is lost or damaged, or cannot be read, that is a doubt too: it never throws
// because of that file. So is a folder whose tables have no checksums (table_checksums.h).
std::vector<Doubt> DataDoubts(const ShardSet& shards);

}  // namespace reel3d
