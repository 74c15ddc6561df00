// The stage behind classify-video: classifies video files that are in no shard.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/cli/tool.h"
#include "pipeline/stages/explain_video.h"
#include "pipeline/stages/video_timeline.h"
#include "pipeline/support/compute_options.h"
#include "pipeline/support/evaluation_options.h"
#include "pipeline/support/network_source.h"
#include "pipeline/support/preparation_options.h"
#include "pipeline/support/training_match.h"
#include "pipeline/support/window_stride.h"
#include "pipeline/support/worker_limits.h"

namespace reel3d {

struct ClassifyVideoOptions {
  NetworkSource network;
  std::vector<std::string> videos;
  PreparationOptions preparation = PreparationOptions::LikeTraining();
  AllowedDifferences allow;
  int top = 5;
  WindowStride window_stride;
  AveragingOptions averaging;
  bool windows = false;
  std::string annotate;  // file; empty: none
  ExplainOptions explain;
  TimelineOptions timeline;
  bool overwrite = false;
  double max_failed_fraction = 0.01;
  ComputeOptions compute{8};
  WorkerLimits limits;

  void Bind(OptionBinder& binder);
  // Throws a usage error if a file is to be written (`annotate`, `explain`, `timeline`) and there
  // are several videos, or if the file has another ending than .mp4 or .tsv, is the video or
  // another output, is a folder, exists without `overwrite`, or its folder does not exist.
  void Check() const;
};

// Returns `json` with "checkpoint", "videos" (each with "video", "num_frames", "fps", "truncated",
// "top", "windows", "segments" and, with --explain, "explained"), "failed" (each with "video" and
// "reason") and "training_differences" (lib/data/frame_facts.h, mostly empty).
// "failed" names the videos that cannot be read; the status is 3 if their share is above
// `max_failed_fraction`. Throws as LoadTrainedNetwork() and RequireLikeTraining() do.
ToolResult RunClassification(const ClassifyVideoOptions& options);

}  // namespace reel3d
