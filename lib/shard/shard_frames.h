// Reads the frames of one shard by pread, without HDF5 and without a lock, from any number of
// threads. Its memory does not grow with the shard, because it reads the place and the checksum of
// a frame together with the frame.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "lib/base/input_file.h"

namespace reel3d {

// The text of errors about a frame whose bytes do not match its checksum.
constexpr const char* kDamagedFrame =
    "does not match its checksum: check-shards --remove-damaged and then pack-shards make that "
    "shard again";

// Encoded frames back to back, as in a shard. Keeps its memory from use to use.
class FrameBytes {
 public:
  void Clear();
  size_t size() const { return crc32_.size(); }  // frames
  const uint8_t* data(size_t frame) const { return bytes_.data() + begins_[frame]; }
  size_t size_bytes(size_t frame) const { return begins_[frame + 1] - begins_[frame]; }
  size_t total_bytes() const { return begins_.back(); }

  // Appends frames that are contiguous in the shard; frame i reaches from offsets[i] to offsets[i +
  // 1]. Returns the memory where the caller must put their bytes. A later call may move it.
  uint8_t* Append(const std::vector<uint64_t>& offsets, const std::vector<uint32_t>& crc32);

  // Returns the first frame whose bytes do not match its checksum, or size() if all match.
  size_t FindDamaged() const;

  // Notes, until Clear(), that the frames come from a copy on this node (ShardCopies).
  void SetFromCopy() { from_copy_ = true; }
  bool from_copy() const { return from_copy_; }

 private:
  std::vector<uint8_t> bytes_;  // never shrinks; undefined behind the last frame
  std::vector<size_t> begins_ = {0};
  std::vector<uint32_t> crc32_;
  bool from_copy_ = false;
};

// The places of a shard's parts in its file, in bytes from the beginning of the file. Numbers in
// the file are little endian, as in memory.
struct ShardPlaces {
  uint64_t data = 0;     // start of the frames' bytes, data_bytes of them
  uint64_t offsets = 0;  // u64 [num_frames + 1]
  uint64_t crc32 = 0;    // u32 [num_frames]
  uint64_t data_bytes = 0;
  uint64_t num_frames = 0;
};

class ShardFrames {
 public:
  // `file` and `places` come from ShardReader, which has checked this very file: another one may
  // have its name by now.
  ShardFrames(std::shared_ptr<const InputFile> file, const ShardPlaces& places);

  // Appends the frames [first, first + count), fetched by one read. The caller must check them with
  // FindDamaged(), because only the caller can name a frame in an error. Throws an input error if
  // the file has changed since it was checked, an environment error if the system cannot read it.
  void Read(uint64_t first, size_t count, FrameBytes* frames) const;

  // Asks the system to fetch these frames in the background. It is a hint and never throws.
  void ReadAhead(uint64_t first, size_t count) const;

 private:
  std::vector<uint64_t> Offsets(uint64_t first, size_t count) const;

  const std::shared_ptr<const InputFile> file_;
  const ShardPlaces places_;
};

}  // namespace reel3d
