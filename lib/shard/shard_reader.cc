// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/manifest.h"
#include "lib/hdf5/hdf5_reader.h"
#include "lib/shard/shard_columns.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

void ReadAttributes(const Hdf5Reader& file, ShardTable* table) {
  if (file.Text("format") != kShardFormat) {
    file.Fail("is not a shard");
  }
  const int64_t version = file.Integer("version");
  if (version < 1 || version > kShardVersion) {
    file.Fail(fmt::format("is a shard of version {}; this reel3d reads versions up to {}", version,
                          kShardVersion));
  }
  table->version = static_cast<uint32_t>(version);
  if (file.Integer("complete") != 1) {
    file.Fail("is not complete");
  }
  for (const auto& [name, value] : {std::pair<const char*, const char*>{"codec", "jpeg"},
                                    {"subsampling", "420"},
                                    {"color", kShardColor}}) {
    if (const std::string found = file.Text(name); found != value) {
      file.Fail(fmt::format("{} is '{}', not '{}'", name, found, value));
    }
  }
  table->quality = static_cast<uint32_t>(file.Integer("quality"));
  table->height = static_cast<uint32_t>(file.Integer("height"));
}

template <class Value>
void ReadColumn(const Hdf5Reader& file, const std::string& name, Value ShardVideo::*member,
                std::vector<ShardVideo>* videos) {
  const std::vector<Value> column = file.Values<Value>("/videos/" + name, {videos->size()});
  for (size_t i = 0; i < column.size(); ++i) {
    (*videos)[i].*member = column[i];
  }
}

void ReadVideos(const Hdf5Reader& file, ShardTable* table) {
  for (std::string& id : file.Strings("/videos/id")) {
    table->videos.emplace_back().id = std::move(id);
  }
  std::vector<ShardVideo>* videos = &table->videos;
  ReadColumn(file, "label", &ShardVideo::label, videos);
  ForEachVideoColumn(table->version, [&](const char* name, auto member) {
    ReadColumn(file, name, member, videos);
  });
  table->first_frames = file.Values<uint64_t>("/videos/first", {videos->size() + 1});
  table->classes = file.Strings("/classes/name");
}

void CheckVideo(const Hdf5Reader& file, const ShardTable& table, size_t index, uint32_t crc32) {
  const ShardVideo& video = table.videos[index];
  const auto num_classes = static_cast<int64_t>(table.classes.size());
  if (RowCrc32(table, index) != crc32) {
    file.Fail(fmt::format("the row of video {} does not match its checksum", index));
  }
  if (const std::string fault = IdFault(video.id); !fault.empty()) {
    file.Fail(fmt::format("the id of video {} {}", index, fault));
  }
  if (video.label < -1 || video.label >= num_classes || video.width == 0 || video.height == 0 ||
      video.fps_den == 0) {
    file.Fail(fmt::format("video {} ({}) has a label, size or frame rate that cannot be", index,
                          video.id));
  }
}

// Requires that first frames and offsets cover all frames in order, so that every later access
// stays within bounds.
void CheckRuns(const Hdf5Reader& file, const ShardTable& table) {
  const std::vector<uint64_t>& first = table.first_frames;
  const auto not_rising = [](uint64_t a, uint64_t b) { return a >= b; };
  if (table.videos.empty() || first.front() != 0 || first.back() != table.num_frames() ||
      std::adjacent_find(first.begin(), first.end(), not_rising) != first.end()) {
    file.Fail("the videos' first frames do not cover its frames in order");
  }
  if (table.offsets.front() != 0 || !AreFrameOffsets(table.offsets)) {
    file.Fail("the frames' offsets do not run upwards from 0");
  }
}

}  // namespace

ShardReader::ShardReader(const fs::path& path) : file_(path) {
  const Hdf5Reader file(path);
  ReadAttributes(file, &table_);
  uuid_ = file.Text("uuid");
  plan_ = file.HasAttribute("plan") ? file.Text("plan") : "";
  tool_ = file.Text("tool");
  ReadVideos(file, &table_);
  table_.frame_crc32 = file.Values<uint32_t>("/frames/crc32");
  table_.offsets = file.Values<uint64_t>("/frames/offset", {table_.num_frames() + 1});
  CheckRuns(file, table_);
  const auto row_crc32 = file.Values<uint32_t>("/videos/crc32", {table_.videos.size()});
  for (size_t video = 0; video < row_crc32.size(); ++video) {
    CheckVideo(file, table_, video, row_crc32[video]);
  }
  const ShardPlaces places{file.Extent<uint8_t>("/frames/data").offset_bytes,
                           file.Extent<uint64_t>("/frames/offset").offset_bytes,
                           file.Extent<uint32_t>("/frames/crc32").offset_bytes,
                           file.Extent<uint8_t>("/frames/data").size_bytes, table_.num_frames()};
  if (places.data_bytes != table_.data_bytes()) {
    file.Fail(fmt::format("has {} bytes of frames instead of {}", places.data_bytes,
                          table_.data_bytes()));
  }
  if (ContentUuid(table_) != uuid_) {
    file.Fail("its uuid does not match its content: it is damaged");
  }
  frames_ = std::make_shared<ShardFrames>(file.shared_bytes(), places);
}

void ShardReader::ReadFrames(uint64_t first, size_t count, FrameBytes* frames) const {
  frames->Clear();
  frames_->Read(first, count, frames);
  if (const size_t damaged = frames->FindDamaged(); damaged < count) {
    throw InputError(
        fmt::format("{}: frame {} {}", file_.string(), first + damaged, kDamagedFrame));
  }
}

void ShardReader::ReadFrame(uint64_t frame, std::vector<uint8_t>* jpeg) const {
  FrameBytes bytes;
  ReadFrames(frame, 1, &bytes);
  jpeg->assign(bytes.data(0), bytes.data(0) + bytes.size_bytes(0));
}

void ShardReader::Verify(const std::function<bool()>& stop) const {
  constexpr uint64_t kAtOnce = 32;
  FrameBytes bytes;
  for (uint64_t first = 0; first < table_.num_frames() && !(stop && stop()); first += kAtOnce) {
    ReadFrames(first, std::min(kAtOnce, table_.num_frames() - first), &bytes);
  }
}

}  // namespace reel3d
