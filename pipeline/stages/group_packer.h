// Prepares and packs one group of videos: prepares it into scratch, packs its shards, reads them
// back, publishes them together and removes the prepared files.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/data/manifest.h"
#include "pipeline/stages/group_record.h"
#include "pipeline/stages/preparation.h"
#include "pipeline/support/scratch_folder.h"
#include "pipeline/support/stage_output.h"
#include "pipeline/support/work_notes.h"

namespace reel3d {

struct GroupPackerOptions {
  PrepSettings preparation;
  uint64_t shard_size_bytes = 0;
  int threads = 0;  // of packing; 0: as many as there are cores
};

class GroupPacker {
 public:
  // `manifest`, `classes` and `scratch` must outlive it.
  GroupPacker(GroupPackerOptions options, const Manifest& manifest,
              const std::vector<std::string>& classes, const ScratchFolder& scratch);

  struct Result {
    GroupRecord record;
    bool was_kept = false;  // the group was packed before
  };

  // Packs the group, unless it is complete. Of a complete group only the videos that failed are
  // tried again; if one can be prepared now, the whole group is packed again. A group stays as it
  // is if it cannot be made again, because sources of its videos are gone. Publishes nothing if
  // another task has meanwhile packed it: that task's videos may be in the tables already. Throws
  // an environment error if the scratch folder is full or disappears, and as
  // RequireSourcesOfShards() does unless the output must be made again.
  Result Pack(const VideoGroup& group, const StageOutput& output, WorkNotes* notes);

  // Returns how many workers prepare videos of a large group at the same time.
  int64_t NumWorkers() const;
  // The time that this packer has spent so far.
  double prepare_s() const { return prepare_s_; }
  double pack_s() const { return pack_s_; }

 private:
  // The rows of a group as a manifest of their own, and their places in the whole manifest.
  struct Rows {
    Manifest manifest;
    std::vector<size_t> numbers;
  };

  // A group that is to be packed.
  struct Order {
    VideoGroup group;
    std::string plan;
    std::string replaced;  // the text of the record that is to be replaced, "" if none is valid
  };

  Rows RowsOf(const std::vector<size_t>& numbers) const;
  // Prepares the rows into scratch, and adds what became of them to `record`. Throws an
  // environment error if the scratch folder, and not the videos, is at fault.
  void Prepare(const Rows& rows, const StageOutput& output, WorkNotes* notes, GroupRecord* record);
  // Tries again the videos of `record` that could not be prepared, and those that could not be
  // packed if their sources have other sizes now. Returns true if one of them is prepared now.
  bool Retry(const std::vector<int64_t>& sources, const StageOutput& output, WorkNotes* notes,
             const Order& order, const GroupRecord& record);
  // Packs the prepared rows, and publishes shards and record.
  void PackPrepared(const Order& order, const Rows& rows, const StageOutput& output,
                    WorkNotes* notes, Result* result);
  Result PackAgain(const Order& order, const StageOutput& output, WorkNotes* notes);
  // Returns what another task has published of the group since this task began.
  std::optional<GroupRecord> OfOthers(const Order& order, const StageOutput& output) const;
  const GroupPackerOptions options_;
  const Manifest& manifest_;
  const std::vector<std::string>& classes_;
  const ScratchFolder& scratch_;
  double prepare_s_ = 0, pack_s_ = 0;
};

}  // namespace reel3d
