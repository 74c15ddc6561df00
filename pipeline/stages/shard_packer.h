// Copies prepared videos into shards, and collects the index of those shards. The thread that
// finishes the last video of a shard writes the shard.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "lib/base/progress.h"
#include "lib/shard/shard_plan.h"
#include "lib/shard/shard_set.h"
#include "lib/shard/video_scan.h"
#include "pipeline/stages/packed_tables.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/stage_output.h"

namespace reel3d {

// A shard that is being packed.
struct ShardUnderWay : PlannedShard {
  std::string plan;
  std::vector<std::optional<VideoScan>> scans;  // by video; empty if the scan failed
  std::atomic<size_t> num_unscanned{0};
  std::vector<IndexedVideo> index;    // set when the shard is complete; empty if all videos failed
  std::vector<uint64_t> contents;     // ContentHash() of each video, set with `index`
  std::string uuid;                   // set with `index`
  std::unique_ptr<PendingFile> file;  // complete, and not published yet
  bool kept = false;
};

struct ShardPackerOptions {
  std::filesystem::path prepared_dir;
  uint64_t shard_size_bytes = 0;  // of prepared videos; a larger video gets a shard of its own
  int threads = 1;
  bool publish_together = false;  // true: Pack() leaves all shards to Publish()
};

class ShardPacker {
 public:
  // `plan` and `output` must outlive the packer.
  ShardPacker(ShardPackerOptions options, const PackPlan& plan, const StageOutput& output);

  // Packs all shards. Returns the videos that failed, in order.
  std::vector<FailedItem> Pack();
  // Writes the shards that Pack() has left, which are complete and were read back, to disk. This
  // may take minutes, after which Publish() only renames them.
  void Sync() const;
  void Publish();
  // Returns the index of the shards.
  PackedVideos Packed() const;
  // Returns how many shards were complete and up to date before.
  int64_t num_shards_kept() const;

 private:
  std::filesystem::path ShardFile(const ShardUnderWay& shard) const {
    return folder_ / ShardFileName(shard.number);
  }
  // Keeps the shard of an earlier run, without reading the prepared videos, if it holds all of them
  // and is newer than each.
  void KeepUnread(ShardUnderWay* shard) const;
  ItemOutcome PackVideo(const ItemTurn& turn) const;
  // Counts a video as finished. The call for the shard's last video writes the shard.
  void EndVideo(ShardUnderWay* shard, Progress* progress) const;
  void WriteShard(ShardUnderWay* shard, const ShardTable& table, Progress* progress) const;
  void FillIndex(const ShardTable& table, ShardUnderWay* shard) const;

  const ShardPackerOptions options_;
  const PackPlan& plan_;
  const StageOutput& output_;
  const std::filesystem::path folder_;
  const bool must_redo_;
  std::vector<std::unique_ptr<ShardUnderWay>> shards_;
  std::vector<ShardUnderWay*> shard_of_video_;
};

}  // namespace reel3d
