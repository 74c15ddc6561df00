// The stage behind pack-videos: prepares any video files and packs them into shards, one group of
// videos after the other. Prepared files lie in a scratch folder, for as long as their group is at
// work. So nothing is on disk twice, and any number of tasks pack at the same time.
//
//   00000.h5 ...            as pack-shards --group-videos writes them
//   index.tsv, classes.txt  see lib/shard/shard_set.h; made when all groups are complete
//   groups/00000.json ...   what a complete group holds, see group_record.h
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "lib/base/option_binder.h"
#include "pipeline/stages/preparing_options.h"
#include "pipeline/support/packing_options.h"
#include "pipeline/support/task_slice.h"
#include "pipeline/support/work_sharing.h"

namespace reel3d {

struct PackVideosOptions : PreparingOptions, PackingOptions {
  PackVideosOptions() { group_videos = 1000; }

  std::string manifest, out_dir;
  std::string scratch;
  bool overwrite = false;
  TaskSlice slice;
  WorkSharing sharing;

  void Bind(OptionBinder& binder);
  void Check();
};

// Counts the videos and shards of this task or, if this task has finished the stage, of all.
struct PackVideosReport {
  int64_t num_videos = 0;
  int64_t num_packed = 0;
  int64_t num_not_prepared = 0;  // failed.tsv has the reasons
  int64_t num_failed = 0;        // prepared, but not a video that can be packed
  int64_t num_shards = 0;
  int64_t num_frames = 0;  // in the shards
  int64_t num_truncated = 0;
  int64_t num_groups = 0;
  int64_t num_groups_kept = 0;       // complete before
  int64_t num_workers = 0;           // that prepare at the same time; of all, the sum over tasks
  double prepare_s = 0, pack_s = 0;  // of all tasks together
  // Faults that were found in videos that are packed, by id.
  std::map<std::string, std::string> warnings;
  bool over_tolerance = false;

  nlohmann::ordered_json ToJson() const;
};

// Throws an input error if the manifest or the classes are wrong, an environment error if the
// output or the scratch folder cannot be written. A video that cannot be prepared or packed is
// counted, and listed in failed.tsv.
PackVideosReport RunPackVideos(const PackVideosOptions& options);

}  // namespace reel3d
