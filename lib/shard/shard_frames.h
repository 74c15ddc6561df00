// The frames of one shard, by pread on a descriptor of its own: no HDF5, no lock, any number of
// threads. What it keeps in memory does not grow with the shard: where a frame lies, and its
// checksum, are read with it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace reel3d {

// What errors say of a frame whose bytes do not match its checksum.
constexpr const char* kDamagedFrame =
    "does not match its checksum: check-shards --remove-damaged and then pack-shards make that "
    "shard anew";

// Encoded frames back to back, as a shard holds them. Keeps its memory from use to use.
class FrameBytes {
 public:
  void Clear();
  size_t size() const { return crc32_.size(); }  // frames
  const uint8_t* data(size_t frame) const { return bytes_.data() + begins_[frame]; }
  size_t size_bytes(size_t frame) const { return begins_[frame + 1] - begins_[frame]; }

  // Appends frames that lie one behind another, frame i from offsets[i] to offsets[i + 1], and
  // gives the room for their bytes, which a later call may move.
  uint8_t* Append(const std::vector<uint64_t>& offsets, const std::vector<uint32_t>& crc32);

  // The first frame whose bytes do not match its checksum; size() if there is none.
  size_t FindDamaged() const;

 private:
  std::vector<uint8_t> bytes_;  // never shrinks: what lies behind the last frame means nothing
  std::vector<size_t> begins_ = {0};
  std::vector<uint32_t> crc32_;
};

// Where the parts of a shard lie in its file, in bytes from its beginning. Numbers there are little
// endian, as in memory.
struct ShardPlaces {
  uint64_t data = 0;     // data_bytes of it
  uint64_t offsets = 0;  // u64 [num_frames + 1]
  uint64_t crc32 = 0;    // u32 [num_frames]
  uint64_t data_bytes = 0;
  uint64_t num_frames = 0;
};

class ShardFrames {
 public:
  // Of a shard that ShardReader has checked. Throws an error if the file cannot be opened.
  ShardFrames(std::filesystem::path file, const ShardPlaces& places);
  ~ShardFrames();
  ShardFrames(const ShardFrames&) = delete;
  ShardFrames& operator=(const ShardFrames&) = delete;

  // Appends the frames [first, first + count), which one read fetches. Does not look at the
  // checksums: that is for the caller, who knows what to call a frame. Throws an input error if the
  // file has changed since it was checked, an environment error if the system cannot read it.
  void Read(uint64_t first, size_t count, FrameBytes* frames) const;

  // Has the system fetch about these frames in the background: a hint, never an error.
  void ReadAhead(uint64_t first, size_t count) const;

 private:
  void ReadAt(uint64_t offset_bytes, void* to, size_t size_bytes) const;
  std::vector<uint64_t> Offsets(uint64_t first, size_t count) const;

  const std::filesystem::path file_;
  const ShardPlaces places_;
  int descriptor_ = -1;
};

}  // namespace reel3d
