// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pack_shards.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/cli/tool.h"
#include "lib/data/manifest.h"
#include "lib/shard/data_doubts.h"
#include "lib/shard/equal_frames.h"
#include "lib/shard/shard_plan.h"
#include "lib/shard/shard_reader.h"
#include "lib/shard/shard_set.h"
#include "lib/shard/shard_writer.h"
#include "lib/shard/video_scan.h"
#include "lib/video/prepared_video.h"
#include "pipeline/item_loop.h"
#include "pipeline/not_packed.h"
#include "pipeline/stage_output.h"

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

PackPlan MakePlan(const PackShardsOptions& options) {
  const Manifest manifest = ReadManifest(options.manifest);
  const fs::path classes =
      options.classes.empty() ? manifest.folder / "classes.txt" : fs::path(options.classes);
  PackPlan plan = PlanPack(manifest, ReadClasses(classes), options.prepared_dir);
  if (plan.videos.empty()) {
    throw InputError(fmt::format("none of the {} videos of {} is in {}", manifest.videos.size(),
                                 options.manifest, options.prepared_dir));
  }
  return plan;
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

// A shard under way: its videos are [begin, end) of the plan's.
struct Shard {
  int number = 0;
  size_t begin = 0, end = 0;
  std::string plan;
  std::vector<std::optional<VideoScan>> scans;  // empty where one failed
  std::atomic<size_t> num_unscanned{0};
  std::vector<IndexedVideo> index;  // once it is whole; empty if all its videos failed
  std::vector<uint64_t> contents;   // likewise, ContentHash() of each
  std::string uuid;                 // likewise
  bool kept = false;
};

class Packer {
 public:
  Packer(const PackShardsOptions& options, const PackPlan& plan, const StageOutput& output);

  // Videos that failed, in order.
  std::vector<FailedItem> Pack();
  void RemoveOtherShards() const;
  PackShardsReport WriteIndexFile() const;

 private:
  fs::path ShardFile(const Shard& shard) const { return folder_ / ShardFileName(shard.number); }
  // Takes over an earlier run's file that holds all the videos and is younger than any of them.
  void KeepUnread(Shard* shard) const;
  ItemOutcome PackVideo(const ItemTurn& turn) const;
  // The last thread that is through with a video of this shard writes it.
  void EndVideo(Shard* shard, Progress* progress) const;
  void WriteShard(const Shard& shard, const ShardTable& table, Progress* progress) const;
  void FillIndex(const ShardTable& table, Shard* shard) const;

  const PackShardsOptions& options_;
  const PackPlan& plan_;
  const StageOutput& output_;
  const fs::path folder_;
  const bool must_redo_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<Shard*> shard_of_video_;
};

Packer::Packer(const PackShardsOptions& options, const PackPlan& plan, const StageOutput& output)
    : options_(options),
      plan_(plan),
      output_(output),
      folder_(output.folder()),
      must_redo_(output.must_redo()) {
  const auto shard_size_bytes = static_cast<uint64_t>(options.shard_size) << 20;
  const std::vector<size_t> cuts = CutIntoShards(plan.videos, shard_size_bytes);
  for (size_t number = 0; number + 1 < cuts.size(); ++number) {
    auto shard = std::make_unique<Shard>();
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

void Packer::KeepUnread(Shard* shard) const {
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
    LogWarn(fmt::format("{}; packing it anew", error.what()));
  }
}

std::vector<FailedItem> Packer::Pack() {
  std::vector<std::string> ids;
  for (const PlannedVideo& video : plan_.videos) {
    ids.push_back(video.id);
  }
  for (const auto& shard : shards_) {
    KeepUnread(shard.get());
  }
  return RunItemLoop(ids, {kPackStage, "videos", ThreadCount(options_.threads)},
                     [&](const ItemTurn& turn) { return PackVideo(turn); })
      .failed;
}

ItemOutcome Packer::PackVideo(const ItemTurn& turn) const {
  const size_t video = turn.item;
  Shard* shard = shard_of_video_[video];
  if (shard->kept) {
    return ItemOutcome::kSkipped;
  }
  const PlannedVideo& planned = plan_.videos[video];
  try {
    shard->scans[video - shard->begin] =
        Scan(planned, PreparedFile(options_.prepared_dir, planned.id));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInput) {
      EndVideo(shard, turn.progress);  // the others of its shard do not suffer
    }
    throw;
  }
  EndVideo(shard, turn.progress);
  return ItemOutcome::kDone;
}

void Packer::EndVideo(Shard* shard, Progress* progress) const {
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

void Packer::WriteShard(const Shard& shard, const ShardTable& table, Progress* progress) const {
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
      // It was good a moment ago: not this video's fault alone, so the whole stage stops.
      throw EnvironmentError(error.what());
    }
  }
  output_.RequireOurs();
  writer.Publish();
}

void Packer::FillIndex(const ShardTable& table, Shard* shard) const {
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

void Packer::RemoveOtherShards() const {
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

PackShardsReport Packer::WriteIndexFile() const {
  std::vector<IndexedVideo> index;
  std::vector<uint64_t> contents;
  std::map<int, std::string> uuids;
  PackShardsReport report;
  for (const auto& shard : shards_) {
    report.num_shards += shard->index.empty() ? 0 : 1;
    report.num_shards_kept += shard->kept ? 1 : 0;
    if (!shard->index.empty()) {
      uuids.emplace(shard->number, shard->uuid);
    }
    for (const IndexedVideo& video : shard->index) {
      report.num_frames += video.num_frames;
      index.push_back(video);
    }
    contents.insert(contents.end(), shard->contents.begin(), shard->contents.end());
  }
  report.num_packed = static_cast<int64_t>(index.size());
  WriteClasses(folder_ / "classes.txt", plan_.classes);
  WriteShardList(folder_ / "shards.tsv", uuids);
  const HeldOutCopies copies = FindEqualFrames(index, contents);
  fs::remove_all(folder_ / kEqualFramesFile);  // whatever stands there
  if (!copies.empty()) {
    WriteEqualFrames(folder_ / kEqualFramesFile, copies);
  }
  WriteIndex(folder_ / "index.tsv", index);
  return report;
}

}  // namespace

void PackShardsOptions::Bind(OptionBinder& binder) {
  binder.Positional("VIDEOS.tsv", &manifest, "the manifest, as list-videos writes it");
  binder.Positional("PREPARED_DIR", &prepared_dir, "the folder that prep-videos wrote");
  binder.Positional("OUT_DIR", &out_dir, "folder for the shards");
  binder.Bind("shard-size", &shard_size, {1, 1 << 20},
              "MiB of prepared videos that go into one shard; a larger video gets a shard of its "
              "own. Each shard is one open file of the trainer");
  binder.Bind("classes", &classes, "list of classes; empty: classes.txt beside the manifest");
  binder.Bind("max-failed-fraction", &max_failed_fraction, {0, 1},
              "share of the videos that may fail here; above it DONE is not written and the exit "
              "status is 3. What prep-videos failed on does not count again",
              Effect::kRunOnly);
  binder.Bind("allow-unfinished", &allow_unfinished,
              "pack what is there although prep-videos has not finished", Effect::kRunOnly);
  binder.Bind("threads", &threads, {0, 1024},
              "threads, each at work on one video or shard; 0: as many as there are cores",
              Effect::kRunOnly);
  binder.Bind("overwrite", &overwrite, "make anew what an earlier run with other settings left",
              Effect::kOnce);
}

nlohmann::ordered_json PackShardsReport::ToJson() const {
  return {{"num_videos", num_videos},
          {"num_packed", num_packed},
          {"num_not_prepared", num_not_prepared},
          {"num_failed", num_failed},
          {"num_shards", num_shards},
          {"num_shards_kept", num_shards_kept},
          {"num_frames", num_frames}};
}

PackShardsReport RunPackShards(PackShardsOptions options) {
  const PrepFailures reasons = ReadPrepFailures(options.prepared_dir, options.allow_unfinished);
  const PackPlan plan = MakePlan(options);
  const StageOutput output(
      {options.out_dir,
       "pack-shards",
       FormatConfig(options),
       FormatConfig(options, true),
       {{options.manifest, FileIdentity(options.manifest)}, {options.prepared_dir, ""}},
       options.overwrite});
  Packer packer(options, plan, output);
  std::vector<FailedItem> failed = packer.Pack();
  packer.RemoveOtherShards();
  PackShardsReport report = packer.WriteIndexFile();
  WriteMissing(output.folder() / "missing.tsv", NotPacked(plan, failed));
  for (const MissingVideo& video : plan.missing) {
    failed.push_back(WhyMissing(options.prepared_dir, video.id, reasons));
  }
  std::sort(failed.begin(), failed.end(),
            [](const FailedItem& a, const FailedItem& b) { return a.id < b.id; });
  const size_t num_videos = plan.videos.size() + plan.missing.size();
  report.num_videos = static_cast<int64_t>(num_videos);
  report.num_failed = std::count_if(failed.begin(), failed.end(), [](const FailedItem& item) {
    return item.stage == kPackStage;
  });
  report.num_not_prepared = static_cast<int64_t>(failed.size()) - report.num_failed;
  report.over_tolerance = !output.Finish(
      report.ToJson(), failed, {report.num_videos, report.num_failed, options.max_failed_fraction});
  if (!report.over_tolerance) {
    for (const Doubt& doubt : DataDoubts(ShardSet(output.folder()))) {
      LogWarn(doubt.text);
    }
  }
  return report;
}

}  // namespace reel3d
