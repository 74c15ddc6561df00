// Writes one shard: its whole table first, then the frames' bytes in order. Memory holds the table
// and one frame, whatever the size of the shard.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/hdf5/hdf5_writer.h"
#include "lib/shard/shard_format.h"

namespace reel3d {

class ShardWriter {
 public:
  // `table` must outlive the writer. `plan` is kept as an attribute: what the packer was asked for.
  // Throws an environment error where the disk will not have it. The same table, plan and frames
  // give the same bytes.
  ShardWriter(const std::filesystem::path& file, const ShardTable& table, const std::string& plan);

  // The next frame of the table. Throws an environment error if it is not the one the table
  // describes: the source changed while it was read.
  void Append(const std::vector<uint8_t>& jpeg);

  // After the last frame: reads the file back, checks every frame, publishes it. Throws as Append
  // where frames are missing.
  void Publish();

 private:
  Error SourceChanged() const;

  const ShardTable& table_;
  PendingFile pending_;
  Hdf5Writer file_;
  uint64_t frame_ = 0;
};

}  // namespace reel3d
