// Defines the layout of a shard NNNNN.h5 and the checksums that protect its parts.
// docs/reference/formats.md describes the same for users; shard_writer and shard_reader translate
// it to and from HDF5.
//
//   /               attrs: format="clipshard", version=1, uuid, plan, tool, codec="jpeg", quality,
//                   subsampling="420", color="full-range BT.601", height, complete=1 (last)
//   /frames/data    u8  [B]    complete JPEGs back to back, video by video
//   /frames/offset  u64 [N+1]  offset of frame i in data; offset[N] == B
//   /frames/crc32   u32 [N]    CRC-32 of frame i's bytes
//   /videos/first   u64 [V+1]  first frame of each video; first[V] == N
//   /videos/id, label i32 (-1 unknown), width u16, height u16, restart u16 (MCUs, 0 none or mixed),
//           fps_num u32, fps_den u32, crc32 u32 (RowCrc32)                                   [V]
//   /classes/name   [C]
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reel3d {

constexpr const char* kShardFormat = "clipshard";
constexpr uint32_t kShardVersion = 1;  // written; versions from 1 up to this are read
constexpr const char* kShardColor = "full-range BT.601";
constexpr uint64_t kMaxFrameBytes = uint64_t{1} << 28;

struct ShardVideo {
  std::string id;
  int32_t label = -1;
  uint16_t width = 0, height = 0;     // pixels
  uint16_t restart_interval = 0;      // MCUs; 0: none, or frames differ
  uint32_t fps_num = 0, fps_den = 1;  // 0/1: unknown
};

// Everything in a shard except the pixels; takes 12 bytes per frame in memory.
struct ShardTable {
  uint32_t version = kShardVersion;  // decides the columns (lib/shard/shard_columns.h)
  uint32_t quality = 0;              // of libjpeg; 0: unknown, or frames differ
  uint32_t height = 0;               // pixels; 0: videos differ
  std::vector<std::string> classes;
  std::vector<ShardVideo> videos;
  std::vector<uint64_t> first_frames = {0};  // [V+1]
  std::vector<uint64_t> offsets = {0};       // [N+1], bytes
  std::vector<uint32_t> frame_crc32;         // [N]

  uint64_t num_frames() const { return frame_crc32.size(); }
  uint64_t data_bytes() const { return offsets.back(); }
};

// A frame as the table describes it.
struct StoredFrame {
  uint32_t size_bytes = 0;
  uint32_t crc32 = 0;
};

// Appends a video with its frames, in order.
void AddVideo(const ShardVideo& video, const std::vector<StoredFrame>& frames, ShardTable* table);

// Returns the CRC-32 of the text "id\tlabel\tfirst\tend" and the columns of
// lib/shard/shard_columns.h (version 1: "\twidth\theight\trestart\tfps_num\tfps_den"). The frames
// of the video are [first, end).
uint32_t RowCrc32(const ShardTable& table, size_t video);

// Returns a name of the content: a version 8 UUID made of two hashes of the complete table. The
// table holds the checksums of the frames, so the UUID covers every byte of them. The UUID changes
// if anything changes that a reader uses.
std::string ContentUuid(const ShardTable& table);

// Returns true if `offsets` rises strictly, by at most kMaxFrameBytes each time.
bool AreFrameOffsets(const std::vector<uint64_t>& offsets);

// Returns a name such as "00012.h5".
std::string ShardFileName(int shard);

}  // namespace reel3d
