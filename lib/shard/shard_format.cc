// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_format.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/shard/shard_columns.h"

namespace reel3d {
namespace {

void AppendLittleEndian(std::string* bytes, uint64_t value, int count) {
  for (int i = 0; i < count; ++i) {
    bytes->push_back(static_cast<char>(value >> (8 * i) & 0xFF));
  }
}

std::string RowText(const ShardTable& table, size_t video) {
  const ShardVideo& row = table.videos[video];
  std::string text = fmt::format("{}\t{}\t{}\t{}", row.id, row.label, table.first_frames[video],
                                 table.first_frames[video + 1]);
  ForEachVideoColumn(table.version, [&](const char* /*name*/, auto member) {
    text += fmt::format("\t{}", row.*member);
  });
  return text;
}

}  // namespace

void AddVideo(const ShardVideo& video, const std::vector<StoredFrame>& frames, ShardTable* table) {
  table->videos.push_back(video);
  for (const StoredFrame& frame : frames) {
    table->offsets.push_back(table->data_bytes() + frame.size_bytes);
    table->frame_crc32.push_back(frame.crc32);
  }
  table->first_frames.push_back(table->num_frames());
}

uint32_t RowCrc32(const ShardTable& table, size_t video) {
  const std::string text = RowText(table, video);
  return Crc32(text.data(), text.size());
}

std::string ContentUuid(const ShardTable& table) {
  std::string text =
      fmt::format("{} {} {} {}\n", kShardFormat, table.version, table.quality, table.height);
  text += fmt::format("{}\n{}\n", table.classes.size(), fmt::join(table.classes, "\n"));
  for (size_t video = 0; video < table.videos.size(); ++video) {
    text += RowText(table, video) + "\n";
  }
  for (size_t frame = 0; frame < table.frame_crc32.size(); ++frame) {
    AppendLittleEndian(&text, table.offsets[frame + 1], 8);
    AppendLittleEndian(&text, table.frame_crc32[frame], 4);
  }
  const uint64_t high = StableHash("high " + text);
  const uint64_t low = StableHash("low " + text);
  return fmt::format("{:08x}-{:04x}-8{:03x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xFFFF,
                     high & 0xFFF, 0x8000 | (low >> 48 & 0x3FFF), low & 0xFFFFFFFFFFFF);
}

bool AreFrameOffsets(const std::vector<uint64_t>& offsets) {
  const auto not_a_frame = [](uint64_t a, uint64_t b) { return a >= b || b - a > kMaxFrameBytes; };
  return std::adjacent_find(offsets.begin(), offsets.end(), not_a_frame) == offsets.end();
}

std::string ShardFileName(int shard) { return fmt::format("{:05}.h5", shard); }

}  // namespace reel3d
