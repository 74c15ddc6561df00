// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/shard_packer.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/data/prepared_folder.h"
#include "lib/shard/equal_frames.h"
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
  for (const PlannedShard& planned : CutIntoShards(plan.videos, options_.shard_size_bytes)) {
    auto shard = std::make_unique<ShardUnderWay>();
    static_cast<PlannedShard&>(*shard) = planned;
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
    WriteShard(shard, table, progress);
    FillIndex(table, shard);
  }
}

void ShardPacker::WriteShard(ShardUnderWay* shard, const ShardTable& table,
                             Progress* progress) const {
  ShardWriter writer(ShardFile(*shard), table, shard->plan);
  std::vector<uint8_t> jpeg;
  uint64_t num_frames = 0;
  for (const ShardVideo& video : table.videos) {
    try {
      PreparedVideoReader reader(PreparedFile(options_.prepared_dir, video.id));
      while (reader.Next(&jpeg)) {
        writer.Append(jpeg);
        ++num_frames;
      }
      progress->Note(fmt::format("{} written to {} %", ShardFileName(shard->number),
                                 100 * num_frames / table.num_frames()));
    } catch (const Error& error) {
      // The file was readable a moment ago, so the cause is not the video alone: the stage stops.
      throw EnvironmentError(error.what());
    }
  }
  shard->file = writer.Finish();
  if (!options_.publish_together) {
    output_.RequireOurs();
    std::exchange(shard->file, nullptr)->Publish();
  }
}

void ShardPacker::Sync() const {
  for (const auto& shard : shards_) {
    if (shard->file != nullptr) {
      SyncToDisk(shard->file->temporary_path());
    }
  }
}

void ShardPacker::Publish() {
  for (const auto& shard : shards_) {
    if (shard->file != nullptr) {
      std::exchange(shard->file, nullptr)->Publish();
    }
  }
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

PackedVideos ShardPacker::Packed() const {
  PackedVideos packed;
  for (const auto& shard : shards_) {
    if (!shard->index.empty()) {
      packed.uuids.emplace(shard->number, shard->uuid);
    }
    packed.index.insert(packed.index.end(), shard->index.begin(), shard->index.end());
    packed.contents.insert(packed.contents.end(), shard->contents.begin(), shard->contents.end());
  }
  return packed;
}

int64_t ShardPacker::num_shards_kept() const {
  return std::count_if(shards_.begin(), shards_.end(),
                       [](const auto& shard) { return shard->kept; });
}

}  // namespace reel3d
