// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/index_image.h"

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/rng.h"

namespace reel3d {
namespace {

using Sink = std::function<void(const void* bytes, size_t size_bytes)>;

IndexRecord RecordOf(const IndexedVideo& video, uint64_t id_byte) {
  IndexRecord record;
  record.id_hash = StableHash(video.id);
  record.fps = video.fps;
  record.id_byte = static_cast<uint32_t>(id_byte);
  record.num_frames = static_cast<uint32_t>(video.num_frames);
  record.label = video.label;
  record.id_bytes = static_cast<uint16_t>(video.id.size());
  record.subset = static_cast<uint8_t>(video.subset);
  return record;
}

// Calls use(records) for each block of records.
template <class Use>
void ForEachBlock(size_t count, const IndexRows& rows, const Use& use) {
  std::vector<IndexRecord> records;
  for (size_t begin = 0; begin < count; begin += kIndexBlock) {
    records.clear();
    uint64_t id_byte = 0;
    for (size_t row = begin; row < std::min(count, begin + kIndexBlock); ++row) {
      const IndexedVideo video = rows(row);
      records.push_back(RecordOf(video, id_byte));
      id_byte += video.id.size();
    }
    use(records);
  }
}

template <class Part>
size_t SizeBytes(const std::vector<Part>& parts) {
  return parts.size() * sizeof(Part);
}

struct Summary {
  IndexHeader header;
  std::vector<IndexShard> shards;
  std::vector<IndexBlock> blocks;
};

void Count(const IndexedVideo& video, Summary* summary) {
  IndexHeader& header = summary->header;
  const auto subset = static_cast<size_t>(video.subset);
  ++header.in_subset[subset];
  header.unlabelled[subset] += video.label < 0 ? 1 : 0;
  header.num_labels = std::max(header.num_labels, static_cast<uint32_t>(video.label) + 1);
  if (video.video_index == 0) {
    summary->shards.push_back({static_cast<uint32_t>(video.shard), 0, header.num_videos});
  }
  REEL3D_CHECK(!summary->shards.empty());
  ++summary->shards.back().num_videos;
  ++header.num_videos;
}

Summary Summarise(size_t count, const IndexRows& rows, const TableSum& table) {
  Summary summary;
  IndexHeader& header = summary.header;
  const IndexRows counted = [&](size_t row) {
    IndexedVideo video = rows(row);
    Count(video, &summary);
    return video;
  };
  ForEachBlock(count, counted, [&](const std::vector<IndexRecord>& records) {
    summary.blocks.push_back({header.ids_bytes, Crc32(records.data(), SizeBytes(records)), 0});
    header.ids_bytes += records.back().id_byte + records.back().id_bytes;
  });
  header.num_shards = static_cast<uint32_t>(summary.shards.size());
  header.table_bytes = table.size_bytes;
  header.table_crc32 = table.crc32;
  header.parts_crc32 = Crc32(summary.blocks.data(), SizeBytes(summary.blocks),
                             Crc32(summary.shards.data(), SizeBytes(summary.shards)));
  header.header_crc32 = Crc32(&header, sizeof header);
  return summary;
}

void Write(size_t count, const IndexRows& rows, const TableSum& table, const Sink& sink) {
  const Summary summary = Summarise(count, rows, table);
  sink(&summary.header, sizeof summary.header);
  sink(summary.shards.data(), SizeBytes(summary.shards));
  sink(summary.blocks.data(), SizeBytes(summary.blocks));
  ForEachBlock(count, rows, [&](const std::vector<IndexRecord>& records) {
    sink(records.data(), SizeBytes(records));
  });
  for (size_t row = 0; row < count; ++row) {
    const IndexedVideo video = rows(row);
    sink(video.id.data(), video.id.size());
  }
}

}  // namespace

void WriteIndexImage(const std::filesystem::path& file, size_t count, const IndexRows& rows,
                     const TableSum& table) {
  PendingFile pending(file);
  std::ofstream stream(pending.temporary_path(), std::ios::binary);
  Write(count, rows, table, [&](const void* bytes, size_t size_bytes) {
    stream.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size_bytes));
  });
  stream.close();
  if (!stream) {
    throw WriteError("cannot write " + file.string(), errno);
  }
  pending.Publish();
}

std::string FormatIndexImage(const std::vector<IndexedVideo>& videos, const TableSum& table) {
  std::string image;
  Write(
      videos.size(), [&](size_t row) { return videos[row]; }, table,
      [&](const void* bytes, size_t size_bytes) {
        image.append(static_cast<const char*>(bytes), size_bytes);
      });
  return image;
}

}  // namespace reel3d
