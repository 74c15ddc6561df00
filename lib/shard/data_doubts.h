// What may be wrong with a data set as a whole, said when it is packed and once more when it is
// trained on and judged. See also lib/data/class_doubts.h.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/shard/shard_set.h"

namespace reel3d {

// Returns a sentence for each doubt: those of ClassDoubts(), and training videos that are held out
// under another name. None is a fault.
std::vector<std::string> DataDoubts(const ShardSet& shards);

}  // namespace reel3d
