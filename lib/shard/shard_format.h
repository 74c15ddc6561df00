// What stands in a shard NNNNN.h5 and how its parts vouch for each other. docs/reference/formats.md tells the
// same to users; shard_writer and shard_reader turn it into HDF5.
//
//   /               attrs: format="clipshard", version=1, uuid, plan, tool, codec="jpeg", quality,
//                   subsampling="420", color="full-range BT.601", height, complete=1 (last)
//   /frames/data    u8  [B]    complete JPEGs back to back, video by video
//   /frames/offset  u64 [N+1]  of frame i in data; offset[N] == B
//   /frames/crc32   u32 [N]    of frame i's bytes
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
constexpr uint32_t kShardVersion = 1;
constexpr const char* kShardColor = "full-range BT.601";
constexpr uint64_t kMaxFrameBytes = uint64_t{1} << 28;

struct ShardVideo {
  std::string id;
  int32_t label = -1;
  uint16_t width = 0, height = 0;     // pixels
  uint16_t restart_interval = 0;      // MCUs; 0: none, or frames differ
  uint32_t fps_num = 0, fps_den = 1;  // 0/1 unknown
};

// Everything in a shard but the pixels: 12 bytes a frame in memory.
struct ShardTable {
  uint32_t quality = 0;  // libjpeg's; 0: unknown or frames differ
  uint32_t height = 0;   // pixels; 0: videos differ
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

// CRC-32 of "id\tlabel\tfirst\tend\twidth\theight\trestart\tfps_num\tfps_den": first and end are
// its frames [first, end).
uint32_t RowCrc32(const ShardTable& table, size_t video);

// Names the content: a version 8 UUID whose bits are two hashes of the whole table, and so, by the
// checksums in it, of every byte of the frames. Changes if anything that a reader uses does.
std::string ContentUuid(const ShardTable& table);

// Whether these can be the offsets of frames: upwards, by no more than kMaxFrameBytes each.
bool AreFrameOffsets(const std::vector<uint64_t>& offsets);

// "00012.h5"
std::string ShardFileName(int shard);

}  // namespace reel3d
