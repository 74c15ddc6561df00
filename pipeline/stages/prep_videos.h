// The stage behind prep-videos: reads any video files, and writes <id>.mkv of one height. Each
// frame is a JPEG that shards copy unchanged (lib/video/prepared_video.h).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "lib/base/option_binder.h"
#include "pipeline/support/preparation_options.h"
#include "pipeline/support/stage_output.h"
#include "pipeline/support/worker_limits.h"

namespace reel3d {

struct PrepVideosOptions {
  std::string manifest, out_dir;
  PreparationOptions preparation;
  bool allow_truncated = false;
  double max_failed_fraction = 0.01;
  int threads = 0;
  WorkerLimits limits;
  int video_timeout = 240;  // minutes
  bool overwrite = false;
  TaskSlice slice;

  // Not an option: the program that serves as worker, see prep_worker.h.
  std::string worker_program = "/proc/self/exe";

  void Bind(OptionBinder& binder);
  void Check();
};

struct PrepVideosReport {
  int64_t num_videos = 0;     // of this task
  int64_t num_done = 0;       // prepared now
  int64_t num_skipped = 0;    // existed and were complete
  int64_t num_truncated = 0;  // videos done that are shorter than their files say
  int64_t num_failed = 0;     // in failed.tsv with their reasons
  int64_t num_frames = 0;     // of the videos done
  int64_t num_workers = 0;    // videos that were prepared at once
  // Faults that were found in videos done, by id.
  std::map<std::string, std::string> warnings;
  double seconds = 0;
  bool over_tolerance = false;

  double FramesPerSecond() const;
  nlohmann::ordered_json ToJson() const;
};

// Throws an input error if the manifest is wrong, an environment error if the output cannot be
// written. A video that cannot be prepared is counted, and listed in failed.tsv.
PrepVideosReport RunPrepVideos(const PrepVideosOptions& options);

}  // namespace reel3d
