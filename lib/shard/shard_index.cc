// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/tsv_writer.h"
#include "lib/data/tsv.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

enum IndexColumn { kShard, kVideoIndex, kId, kLabel, kSubset, kNumFrames, kFps };

const std::vector<std::string>& IndexColumns() {
  static const std::vector<std::string> columns = {"shard",  "video_index", "id", "label_index",
                                                   "subset", "num_frames",  "fps"};
  return columns;
}

constexpr int kMaxInt = INT32_MAX;

IndexedVideo ParseRow(const TsvReader& reader) {
  IndexedVideo video;
  video.shard = static_cast<int>(reader.Integer(kShard, 0, kMaxInt));
  video.video_index = static_cast<int>(reader.Integer(kVideoIndex, 0, kMaxInt));
  video.id = reader.Text(kId);
  video.label = static_cast<int>(reader.Integer(kLabel, -1, kMaxInt - 1));
  video.num_frames = static_cast<int>(reader.Integer(kNumFrames, 1, kMaxInt));
  video.fps = reader.Real(kFps, 0, kMaxIndexedFps);
  try {
    video.subset = ParseSubset(std::string(reader.Text(kSubset)));
  } catch (const Error& error) {
    reader.Fail(kSubset, error.what());
  }
  return video;
}

// Returns true if the row is in order: shards rise, and each shard's videos count from 0 without a
// gap.
bool Follows(const IndexedVideo& video, const std::vector<IndexedVideo>& before) {
  const bool same_shard = !before.empty() && before.back().shard == video.shard;
  if (same_shard) {
    return video.video_index == before.back().video_index + 1;
  }
  return video.video_index == 0 && (before.empty() || before.back().shard < video.shard);
}

void AddRow(const IndexedVideo& video, TsvWriter* table) {
  table->Row(video.shard, video.video_index, video.id, video.label, SubsetName(video.subset),
             video.num_frames, video.fps);
}

}  // namespace

std::vector<IndexedVideo> ReadIndex(const fs::path& file) {
  TsvReader reader(file, IndexColumns());
  std::vector<IndexedVideo> videos;
  // The set holds row numbers and compares the ids in those rows, to save memory: an index may have
  // half a million rows.
  const auto hash = [&](size_t row) { return std::hash<std::string>()(videos[row].id); };
  const auto equal = [&](size_t a, size_t b) { return videos[a].id == videos[b].id; };
  std::unordered_set<size_t, decltype(hash), decltype(equal)> row_of_id(1024, hash, equal);
  while (reader.NextRow()) {
    IndexedVideo video = ParseRow(reader);
    if (const std::string fault = IdFault(video.id); !fault.empty()) {
      reader.Fail(kId, fault);
    }
    if (!Follows(video, videos)) {
      reader.Fail(
          fmt::format("video {} of shard {} is out of order", video.video_index, video.shard));
    }
    videos.push_back(std::move(video));
    const auto [first, is_new] = row_of_id.insert(videos.size() - 1);
    if (!is_new) {
      constexpr size_t kFirstRowLine = 2;
      reader.Fail(fmt::format("id '{}' stands in line {} already", videos.back().id,
                              *first + kFirstRowLine));
    }
  }
  return videos;
}

void WriteIndex(const fs::path& file, const std::vector<IndexedVideo>& videos) {
  TsvWriter table(IndexColumns());
  for (const IndexedVideo& video : videos) {
    AddRow(video, &table);
  }
  WriteFileAtomically(file, table.text());
}

TableSum SumOfIndex(size_t count, const IndexRows& rows) {
  constexpr size_t kRowsAtOnce = 4096;
  const size_t header_bytes = TsvWriter(IndexColumns()).text().size();
  TableSum sum;
  for (size_t begin = 0; begin == 0 || begin < count; begin += kRowsAtOnce) {
    TsvWriter table(IndexColumns());
    for (size_t row = begin; row < std::min(count, begin + kRowsAtOnce); ++row) {
      AddRow(rows(row), &table);
    }
    sum.Add(std::string_view(table.text()).substr(begin == 0 ? 0 : header_bytes));
  }
  return sum;
}

namespace {

const std::vector<std::string>& ShardListColumns() {
  static const std::vector<std::string> columns = {"shard", "uuid"};
  return columns;
}

}  // namespace

std::map<int, std::string> ReadShardList(const fs::path& file) {
  TsvReader reader(file, ShardListColumns());
  std::map<int, std::string> uuids;
  while (reader.NextRow()) {
    const auto shard = static_cast<int>(reader.Integer(0, 0, kMaxInt));
    if (!uuids.emplace(shard, reader.Text(1)).second) {
      reader.Fail(fmt::format("shard {} stands there twice", shard));
    }
  }
  return uuids;
}

void WriteShardList(const fs::path& file, const std::map<int, std::string>& uuids) {
  TsvWriter table(ShardListColumns());
  for (const auto& [shard, uuid] : uuids) {
    table.Row(shard, uuid);
  }
  WriteFileAtomically(file, table.text());
}

namespace {

const std::vector<std::string>& MissingColumns() {
  static const std::vector<std::string> columns = {"id", "subset"};
  return columns;
}

}  // namespace

std::vector<MissingVideo> ReadMissing(const fs::path& file) {
  TsvReader reader(file, MissingColumns());
  std::vector<MissingVideo> videos;
  while (reader.NextRow()) {
    try {
      videos.push_back({std::string(reader.Text(0)), ParseSubset(std::string(reader.Text(1)))});
    } catch (const Error& error) {
      reader.Fail(1, error.what());
    }
  }
  return videos;
}

void WriteMissing(const fs::path& file, const std::vector<MissingVideo>& videos) {
  TsvWriter table(MissingColumns());
  for (const MissingVideo& video : videos) {
    table.Row(video.id, SubsetName(video.subset));
  }
  WriteFileAtomically(file, table.text());
}

}  // namespace reel3d
