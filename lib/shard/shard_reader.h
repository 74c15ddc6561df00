// Reads and checks one shard. HDF5 is used only for the table and the places of the parts. The
// frames are read by ShardFrames, which may outlive the reader.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/shard/shard_format.h"
#include "lib/shard/shard_frames.h"

namespace reel3d {

class ShardReader {
 public:
  // Reads and checks the table. Throws an input error that names the file and its fault: not
  // complete, sizes that do not agree, offsets that run backwards or past the end, rows or content
  // that do not match their checksums. It believes a count only if the file is large enough for it.
  // Frames are checked when they are read.
  explicit ShardReader(const std::filesystem::path& file);

  const ShardTable& table() const { return table_; }
  const std::string& uuid() const { return uuid_; }
  const std::string& plan() const { return plan_; }  // "" if the shard has none
  const std::string& tool() const { return tool_; }
  const std::shared_ptr<const ShardFrames>& frames() const { return frames_; }

  // Replaces `jpeg` by frame `frame`, counted from 0 over the complete shard. Any thread. Throws an
  // input error that names file and frame if the bytes do not match their checksum.
  void ReadFrame(uint64_t frame, std::vector<uint8_t>* jpeg) const;

  // Reads every frame, or fewer if `stop` returns true meanwhile. Throws as ReadFrame does.
  void Verify(const std::function<bool()>& stop = {}) const;

 private:
  void ReadFrames(uint64_t first, size_t count, FrameBytes* frames) const;

  const std::filesystem::path file_;
  std::shared_ptr<const ShardFrames> frames_;
  ShardTable table_;
  std::string uuid_, plan_, tool_;
};

}  // namespace reel3d
