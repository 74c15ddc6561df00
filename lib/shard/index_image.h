// The file index.bin: the rows of index.tsv as records of 32 bytes, which are mapped into memory
// instead of parsed. VideoIndex reads it. All numbers are little endian, without gaps:
//
//   IndexHeader
//   IndexShard   [num_shards]  by number
//   IndexBlock   [num_blocks]  of kIndexBlock records each, the last one of fewer
//   IndexRecord  [num_videos]  in the order of index.tsv
//   ids of the videos, back to back, in the same order
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/shard/shard_index.h"

namespace reel3d {

constexpr const char* kIndexImageFile = "index.bin";
constexpr std::array<char, 8> kIndexMagic = {'r', 'e', 'e', 'l', '3', 'd', 'i', 'x'};
constexpr uint32_t kIndexVersion = 1;
constexpr size_t kIndexBlock = 1024;
constexpr size_t kNumSubsets = 3;

struct IndexHeader {
  std::array<char, 8> magic = kIndexMagic;
  uint32_t version = kIndexVersion;
  uint32_t header_crc32 = 0;  // of this header with 0 in this place
  uint64_t num_videos = 0;
  uint64_t ids_bytes = 0;
  uint64_t table_bytes = 0;  // of the index.tsv with the same rows
  uint32_t table_crc32 = 0;
  uint32_t parts_crc32 = 0;  // of all IndexShard and IndexBlock
  uint32_t num_shards = 0;
  uint32_t num_labels = 0;                           // labels are -1 .. num_labels - 1
  std::array<uint64_t, kNumSubsets> in_subset = {};  // videos, by Subset
  std::array<uint64_t, kNumSubsets> unlabelled = {};
};
static_assert(sizeof(IndexHeader) == 104);

struct IndexShard {
  uint32_t number = 0;
  uint32_t num_videos = 0;
  uint64_t first_video = 0;
};
static_assert(sizeof(IndexShard) == 16);

struct IndexBlock {
  uint64_t first_id_byte = 0;  // among the bytes of all ids
  uint32_t crc32 = 0;          // of the block's records
  uint32_t unused = 0;
};
static_assert(sizeof(IndexBlock) == 16);

struct IndexRecord {
  uint64_t id_hash = 0;  // StableHash(id): the key of an epoch's order, and the id's checksum
  double fps = 0;
  uint32_t id_byte = 0;  // where the id begins, from the block's first_id_byte
  uint32_t num_frames = 0;
  int32_t label = -1;
  uint16_t id_bytes = 0;
  uint8_t subset = 0;
  uint8_t unused = 0;

  bool IsOf(Subset wanted) const { return subset == static_cast<uint8_t>(wanted); }
};
static_assert(sizeof(IndexRecord) == 32);

// Publishes index.bin for an index of `count` rows, whose index.tsv has the sum `table`. Calls
// `rows` three times for each row, in order. Throws an environment error if it cannot write.
void WriteIndexImage(const std::filesystem::path& file, size_t count, const IndexRows& rows,
                     const TableSum& table);

// Returns the bytes of such a file.
std::string FormatIndexImage(const std::vector<IndexedVideo>& videos, const TableSum& table);

}  // namespace reel3d
