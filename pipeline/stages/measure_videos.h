// The stage behind measure-videos: writes a table of how long, bright and moving each packed video
// is. evaluate-scores --slices reads it.
//
// The figures come from the frames of the shards, so shards that were packed earlier need not be
// packed again, and scores need not be computed again. The table is the same for any number of
// threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "lib/base/option_binder.h"
#include "lib/data/manifest.h"
#include "pipeline/support/worker_limits.h"

namespace reel3d {

struct MeasureVideosOptions {
  std::string shards_dir, out;
  Subset subset = Subset::kValidation;
  std::string sources;  // manifest of the source files; empty: do not look at them
  double max_failed_fraction = 0.01;
  int threads = 0;
  WorkerLimits limits;  // of the processes that open `sources`
  bool overwrite = false;

  // Not an option: the program that serves as worker, see prep_worker.h.
  std::string worker_program = "/proc/self/exe";

  void Bind(OptionBinder& binder);
  // Throws a usage error if `out` does not end in .tsv, exists without `overwrite`, or is in
  // `shards_dir` or in a folder that does not exist.
  void Check() const;
};

struct MeasureVideosReport {
  int64_t num_videos = 0;
  int64_t num_sourceless = 0;  // with `sources`: videos whose source file cannot be opened
  int64_t num_failed = 0;      // videos with damaged frames: their row has no brightness and motion

  nlohmann::ordered_json ToJson() const;
  std::string ToText() const;
};

// Writes `out` with the columns id, num_frames, fps, brightness, motion (lib/duplicates/video_look)
// and a row for each video of the subset. With `sources` there is a column source_height as well;
// it is empty for a video whose source cannot be opened. The last column states the fingerprint of
// the shards (side_table.h). Throws an input error if the shards have
// no such video, no video of the subset is in the manifest, or too many are damaged.
MeasureVideosReport RunMeasureVideos(const MeasureVideosOptions& options);

}  // namespace reel3d
