// The stage behind prep-videos: reads any video files, and writes <id>.mkv of one height. Each
// frame is a JPEG that shards copy unchanged (lib/video/prepared_video.h).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/base/option_binder.h"
#include "pipeline/stages/prep_report.h"
#include "pipeline/support/preparation_options.h"
#include "pipeline/support/stage_output.h"
#include "pipeline/support/work_sharing.h"
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
  WorkSharing sharing;

  // Not an option: the program that serves as worker, see prep_worker.h.
  std::string worker_program = "/proc/self/exe";

  void Bind(OptionBinder& binder);
  void Check();
};

// Throws an input error if the manifest is wrong, an environment error if the output cannot be
// written. A video that cannot be prepared is counted, and listed in failed.tsv.
PrepVideosReport RunPrepVideos(const PrepVideosOptions& options);

}  // namespace reel3d
