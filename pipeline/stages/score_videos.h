// The stage behind score-videos: computes the logits of every clip of a subset's videos.
// evaluate-scores averages them afterwards.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "lib/cli/tool.h"
#include "lib/data/clip_sampler.h"
#include "lib/data/crop_plan.h"
#include "lib/data/frame_order.h"
#include "lib/data/manifest.h"
#include "pipeline/support/compute_options.h"
#include "pipeline/support/network_source.h"
#include "pipeline/support/preparation_options.h"
#include "pipeline/support/stage_output.h"
#include "pipeline/support/training_match.h"
#include "pipeline/support/window_stride.h"
#include "pipeline/support/work_sharing.h"
#include "pipeline/support/worker_limits.h"

namespace reel3d {

struct ScoreOptions {
  NetworkSource network;
  std::string shards_dir;  // with `from_videos` a manifest
  std::string out_dir;

  bool from_videos = false;
  PreparationOptions preparation = PreparationOptions::LikeTraining();  // with `from_videos`
  bool allow_truncated = false;
  AllowedDifferences allow;
  WorkerLimits limits;

  Subset subset = Subset::kValidation;
  int windows = 0;  // maximum per video, spread evenly; 0: by window_stride
  WindowStride window_stride;
  TailRule tail = TailRule::kLoop;
  CropChoice crops;
  Probe probe = Probe::kNone;
  bool shuffle_frames = false;
  int64_t seed = 1;
  int videos_per_part = 256;
  double max_failed_fraction = 0.01;

  ComputeOptions compute{32};
  int loader_threads = 0;  // 0: compute.threads
  bool overwrite = false;
  TaskSlice slice;
  WorkSharing sharing;

  void Bind(OptionBinder& binder);
  void Check();

 private:
  void CheckPreparation() const;
};

// Writes the files OUT_DIR/scores-NNNNN.h5. Each is a part: the scores of --videos-per-part videos,
// in the order of the index. A task writes every tasks-th part. The ranks that a launcher started
// together divide a task: rank r of R does the work of task (task * R + r) of tasks * R, and rank 0
// returns the result of all. With --share-work each rank takes slices for itself instead. Parts
// that are complete and of the same checkpoint, data and settings are kept. A video with a damaged
// frame gets no clips and is listed in failed.tsv. With a probe, the folders
// OUT_DIR/probe/shuffled, reversed and one-frame have such files as well.
ToolResult RunScoring(const ScoreOptions& options);

}  // namespace reel3d
