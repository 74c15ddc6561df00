// Declares, in one place, the columns of a shard that hold one number a video. The writer, the
// reader and the checksum of a row use this. docs/develop/add_a_shard_column.md shows an addition.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lib/shard/shard_format.h"

namespace reel3d {

// Calls `use(name, member)` for each column of /videos that a shard of `version` has, in the order
// in which RowCrc32 covers them. If a shard is older than a column, the reader keeps the member's
// default.
template <class Use>
void ForEachVideoColumn([[maybe_unused]] uint32_t version, const Use& use) {
  use("width", &ShardVideo::width);
  use("height", &ShardVideo::height);
  use("restart", &ShardVideo::restart_interval);
  use("fps_num", &ShardVideo::fps_num);
  use("fps_den", &ShardVideo::fps_den);
}

}  // namespace reel3d
