// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/shard_packer.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/data/manifest.h"
#include "lib/data/prepared_folder.h"
#include "lib/shard/equal_frames.h"
#include "lib/shard/index_image.h"
#include "lib/shard/shard_reader.h"
#include "lib/shard/shard_writer.h"
#include "lib/video/prepared_video.h"
#include "pipeline/stages/not_packed.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

ShardVideo DescribeVideo(const PlannedVideo& planned, const PreparedVideoInfo& info) {
  ShardVideo video;
  video.id = planned.id;
  video.label = planned.label;
  video.width = static_cast<uint16_t>(info.width);
  video.height = static_cast<uint16_t>(info.height);
  if (info.fps_num > 0 && info.fps_den > 0) {
    video.fps_num = static_cast<uint32_t>(info.fps_num);
    video.fps_den = static_cast<uint32_t>(info.fps_den);
  }
  return video;
}

VideoScan Scan(const PlannedVideo& planned, const fs::path& file) {
  PreparedVideoReader reader(file);
  VideoScan scan(DescribeVideo(planned, reader.info()));
  std::vector<uint8_t> jpeg;
  while (reader.Next(&jpeg)) {
    scan.AddFrame(jpeg);
  }
  if (scan.frames().empty()) {
    throw InputError(file.string() + ": has no frames");
  }
  return scan;
}

}  // namespace

ShardPacker::ShardPacker(ShardPackerOptions options, const PackPlan& plan,
                         const StageOutput& output)
    : options_(std::move(options)),
      plan_(plan),
      output_(output),
      folder_(output.folder()),
      must_redo_(output.must_redo()) {
  const std::vector<size_t> cuts = CutIntoShards(plan.videos, options_.shard_size_bytes);
  for (size_t number = 0; number + 1 < cuts.size(); ++number) {
    auto shard = std::make_unique<ShardUnderWay>();
    shard->number = static_cast<int>(number);
    shard->begin = cuts[number];
    shard->end = cuts[number + 1];
    shard->plan = PlanName(plan.videos, shard->begin, shard->end, plan.classes);
    shard->scans.resize(shard->end - shard->begin);
    shard->num_unscanned = shard->scans.size();
    shard_of_video_.resize(shard->end, shard.get());
    shards_.push_back(std::move(shard));
  }
}

void ShardPacker::KeepUnread(ShardUnderWay* shard) const {
  std::error_code absent;
  const fs::file_time_type packed_at = fs::last_write_time(ShardFile(*shard), absent);
  if (absent || must_redo_) {
    return;
  }
  for (size_t video = shard->begin; video < shard->end; ++video) {
    if (fs::last_write_time(PreparedFile(options_.prepared_dir, plan_.videos[video].id)) >=
        packed_at) {
      return;
    }
  }
  try {
    const ShardReader reader(ShardFile(*shard));
    if (reader.plan() == shard->plan && reader.table().videos.size() == shard->end - shard->begin) {
      FillIndex(reader.table(), shard);
      shard->kept = true;
    }
  } catch (const Error& error) {
    LogWarn(fmt::format("{}; packing it again", error.what()));
  }
}

std::vector<FailedItem> ShardPacker::Pack() {
  std::vector<std::string> ids;
  for (const PlannedVideo& video : plan_.videos) {
    ids.push_back(video.id);
  }
  for (const auto& shard : shards_) {
    KeepUnread(shard.get());
  }
  return RunItemLoop(ids, {kPackStage, "videos", options_.threads},
                     [&](const ItemTurn& turn) { return PackVideo(turn); })
      .failed;
}

ItemOutcome ShardPacker::PackVideo(const ItemTurn& turn) const {
  const size_t video = turn.item;
  ShardUnderWay* shard = shard_of_video_[video];
  if (shard->kept) {
    return ItemOutcome::kSkipped;
  }
  const PlannedVideo& planned = plan_.videos[video];
  try {
    shard->scans[video - shard->begin] =
        Scan(planned, PreparedFile(options_.prepared_dir, planned.id));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInput) {
      EndVideo(shard, turn.progress);  // the shard's other videos are packed all the same
    }
    throw;
  }
  EndVideo(shard, turn.progress);
  return ItemOutcome::kDone;
}

void ShardPacker::EndVideo(ShardUnderWay* shard, Progress* progress) const {
  if (--shard->num_unscanned > 0) {
    return;
  }
  std::vector<VideoScan> good;
  for (std::optional<VideoScan>& scan : std::exchange(shard->scans, {})) {
    if (scan) {
      good.push_back(std::move(*scan));
    }
  }
  if (!good.empty()) {
    const ShardTable table = MakeTable(good, plan_.classes);
    WriteShard(*shard, table, progress);
    FillIndex(table, shard);
  }
}

void ShardPacker::WriteShard(const ShardUnderWay& shard, const ShardTable& table,
                             Progress* progress) const {
  ShardWriter writer(ShardFile(shard), table, shard.plan);
  std::vector<uint8_t> jpeg;
  uint64_t num_frames = 0;
  for (const ShardVideo& video : table.videos) {
    try {
      PreparedVideoReader reader(PreparedFile(options_.prepared_dir, video.id));
      while (reader.Next(&jpeg)) {
        writer.Append(jpeg);
        ++num_frames;
      }
      progress->Note(fmt::format("{} written to {} %", ShardFileName(shard.number),
                                 100 * num_frames / table.num_frames()));
    } catch (const Error& error) {
      // The file was readable a moment ago, so the cause is not the video alone: the stage stops.
      throw EnvironmentError(error.what());
    }
  }
  output_.RequireOurs();
  writer.Publish();
}

void ShardPacker::FillIndex(const ShardTable& table, ShardUnderWay* shard) const {
  shard->uuid = ContentUuid(table);
  std::unordered_map<std::string, Subset> subset_of_id;
  for (size_t video = shard->begin; video < shard->end; ++video) {
    subset_of_id.emplace(plan_.videos[video].id, plan_.videos[video].subset);
  }
  for (size_t video = 0; video < table.videos.size(); ++video) {
    const ShardVideo& row = table.videos[video];
    const auto num_frames =
        static_cast<int>(table.first_frames[video + 1] - table.first_frames[video]);
    shard->index.push_back({shard->number, static_cast<int>(video), row.id, row.label,
                            subset_of_id.at(row.id), num_frames,
                            static_cast<double>(row.fps_num) / row.fps_den});
    shard->contents.push_back(ContentHash(table, video));
  }
}

void ShardPacker::RemoveOtherShards() const {
  std::set<std::string> ours;
  for (const auto& shard : shards_) {
    if (!shard->index.empty()) {
      ours.insert(ShardFileName(shard->number));
    }
  }
  std::vector<fs::path> others;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    const bool is_shard = name.size() >= 8 && entry.path().extension() == ".h5" &&
                          name.find_first_not_of("0123456789") == name.size() - 3;
    if (is_shard && ours.count(name) == 0) {
      others.push_back(entry.path());
    }
  }
  for (const fs::path& path : others) {
    LogInfo(fmt::format("removing {}: of an earlier plan", path.string()));
    fs::remove(path);
  }
}

PackedShards ShardPacker::WriteIndexFile() const {
  std::vector<IndexedVideo> index;
  std::vector<uint64_t> contents;
  std::map<int, std::string> uuids;
  PackedShards packed;
  for (const auto& shard : shards_) {
    packed.num_shards += shard->index.empty() ? 0 : 1;
    packed.num_shards_kept += shard->kept ? 1 : 0;
    if (!shard->index.empty()) {
      uuids.emplace(shard->number, shard->uuid);
    }
    for (const IndexedVideo& video : shard->index) {
      packed.num_frames += video.num_frames;
      index.push_back(video);
    }
    contents.insert(contents.end(), shard->contents.begin(), shard->contents.end());
  }
  packed.num_videos = static_cast<int64_t>(index.size());
  WriteClasses(folder_ / "classes.txt", plan_.classes);
  WriteShardList(folder_ / "shards.tsv", uuids);
  const HeldOutCopies copies = FindEqualFrames(index, contents);
  fs::remove_all(folder_ / kEqualFramesFile);  // a file or a folder
  if (!copies.empty()) {
    WriteEqualFrames(folder_ / kEqualFramesFile, copies);
  }
  WriteIndex(folder_ / "index.tsv", index);
  WriteIndexImage(
      folder_ / kIndexImageFile, index.size(), [&](size_t row) { return index[row]; },
      SumOfFile(folder_ / "index.tsv"));
  return packed;
}

}  // namespace reel3d
