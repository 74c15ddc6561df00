// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_writer.h"

#include <fmt/format.h>

#include <utility>

#include "lib/base/error.h"
#include "lib/base/versions.h"
#include "lib/shard/shard_columns.h"
#include "lib/shard/shard_reader.h"

namespace reel3d {
namespace {

void WriteAttributes(const ShardTable& table, const std::string& plan, Hdf5Writer* file) {
  file->Attribute("format", std::string(kShardFormat));
  file->Attribute("version", table.version);
  file->Attribute("uuid", ContentUuid(table));
  file->Attribute("plan", plan);
  file->Attribute("tool", "reel3d pack-shards " + Version());
  file->Attribute("codec", std::string("jpeg"));
  file->Attribute("quality", table.quality);
  file->Attribute("subsampling", std::string("420"));
  file->Attribute("color", std::string(kShardColor));
  file->Attribute("height", table.height);
}

// Writes one member of all videos as a column of the file.
template <class Value>
void WriteColumn(const ShardTable& table, const std::string& name, Value ShardVideo::*member,
                 Hdf5Writer* file) {
  std::vector<Value> column;
  column.reserve(table.videos.size());
  for (const ShardVideo& video : table.videos) {
    column.push_back(video.*member);
  }
  file->Values("/videos/" + name, column);
}

void WriteVideos(const ShardTable& table, Hdf5Writer* file) {
  std::vector<std::string> ids;
  std::vector<uint32_t> row_crc32;
  for (size_t video = 0; video < table.videos.size(); ++video) {
    ids.push_back(table.videos[video].id);
    row_crc32.push_back(RowCrc32(table, video));
  }
  file->Group("/videos");
  file->Values("/videos/first", table.first_frames);
  file->Strings("/videos/id", ids);
  WriteColumn(table, "label", &ShardVideo::label, file);
  ForEachVideoColumn(table.version, [&](const char* name, auto member) {
    WriteColumn(table, name, member, file);
  });
  file->Values("/videos/crc32", row_crc32);
}

}  // namespace

ShardWriter::ShardWriter(const std::filesystem::path& file, const ShardTable& table,
                         const std::string& plan)
    : table_(table),
      pending_(std::make_unique<PendingFile>(file)),
      file_(pending_->temporary_path(), file.string()) {
  WriteAttributes(table, plan, &file_);
  WriteVideos(table, &file_);
  file_.Group("/classes");
  file_.Strings("/classes/name", table.classes);
  file_.Group("/frames");
  file_.Values("/frames/offset", table.offsets);
  file_.Values("/frames/crc32", table.frame_crc32);
  file_.BeginBytes("/frames/data", table.data_bytes());
}

Error ShardWriter::SourceChanged() const {
  return EnvironmentError(fmt::format(
      "{}: frame {} changed while it was packed: run again when nothing writes its source any more",
      pending_->final_path().string(), frame_));
}

void ShardWriter::Append(const std::vector<uint8_t>& jpeg) {
  if (frame_ >= table_.num_frames() ||
      jpeg.size() != table_.offsets[frame_ + 1] - table_.offsets[frame_] ||
      Crc32(jpeg.data(), jpeg.size()) != table_.frame_crc32[frame_]) {
    throw SourceChanged();
  }
  file_.AppendBytes(jpeg.data(), jpeg.size());
  ++frame_;
}

std::unique_ptr<PendingFile> ShardWriter::Finish() {
  if (frame_ != table_.num_frames()) {
    throw SourceChanged();
  }
  file_.Flush();
  file_.Attribute("complete", uint8_t{1});
  file_.Close();
  try {
    ShardReader(pending_->temporary_path()).Verify();
  } catch (const Error& error) {
    throw EnvironmentError(fmt::format("{}: what was written cannot be read back: {}",
                                       pending_->final_path().string(), error.what()));
  }
  return std::move(pending_);
}

}  // namespace reel3d
