// The columns of a shard that hold one number a video, each declared once: the writer, the reader
// and the checksum of a row follow from it. docs/develop/add_a_shard_column.md adds one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lib/shard/shard_format.h"

namespace reel3d {

// Calls `use(name, member)` for each column of /videos that a shard of `version` has, in the order
// in which RowCrc32 covers them. A reader leaves the member's default where its shard is older than
// the column.
template <class Use>
void ForEachVideoColumn([[maybe_unused]] uint32_t version, const Use& use) {
  use("width", &ShardVideo::width);
  use("height", &ShardVideo::height);
  use("restart", &ShardVideo::restart_interval);
  use("fps_num", &ShardVideo::fps_num);
  use("fps_den", &ShardVideo::fps_den);
}

}  // namespace reel3d
