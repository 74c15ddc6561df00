// Writes one shard: first its complete table, then the bytes of the frames in order. Memory holds
// the table and one frame, for any size of shard.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/hdf5/hdf5_writer.h"
#include "lib/shard/shard_format.h"

namespace reel3d {

class ShardWriter {
 public:
  // `table` must outlive the writer. The shard keeps `plan` (see PlanName) as an attribute. Throws
  // an environment error if the disk does not accept the data. The same table, plan and frames give
  // the same bytes.
  ShardWriter(const std::filesystem::path& file, const ShardTable& table, const std::string& plan);

  // Writes the next frame of the table. Throws an environment error if `jpeg` is not the frame that
  // the table describes: its source has changed while it was read.
  void Append(const std::vector<uint8_t>& jpeg);

  // Call it after the last frame. Reads the file back and checks every frame. Returns the complete
  // file, which the caller publishes. Throws as Append does if frames are missing.
  std::unique_ptr<PendingFile> Finish();

  // Finishes the file and publishes it.
  void Publish() { Finish()->Publish(); }

 private:
  Error SourceChanged() const;

  const ShardTable& table_;
  std::unique_ptr<PendingFile> pending_;
  Hdf5Writer file_;
  uint64_t frame_ = 0;
};

}  // namespace reel3d
