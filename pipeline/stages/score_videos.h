// The stage behind score-videos: computes the logits of every clip of a subset's videos.
// evaluate-scores averages them afterwards.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "lib/cli/tool.h"
#include "lib/data/clip_sampler.h"
#include "lib/data/manifest.h"
#include "lib/dist/device_choice.h"
#include "lib/frames/frame_decoder.h"
#include "lib/model/precision_options.h"
#include "pipeline/support/stage_output.h"
#include "pipeline/support/weights_use.h"

namespace reel3d {

struct ScoreOptions {
  std::string checkpoint;
  std::string shards_dir;
  std::string out_dir;
  WeightsUse weights;

  Subset subset = Subset::kValidation;
  int windows = 0;        // at most so many of each video, spread evenly; 0: window_stride
  int window_stride = 0;  // frames from one window to the next; 0: the clip's length
  TailRule tail = TailRule::kLoop;
  std::string crops = "1";
  int short_side = 0;  // of the resized frames, pixels; 0: CropChoice::ShortSide()
  bool shuffle_frames = false;
  int64_t seed = 1;
  int videos_per_part = 256;
  double max_failed_fraction = 0.01;

  Decoding decoding = Decoding::kFast;
  PrecisionOptions precision;
  int batch = 32;
  int threads = 0;
  int loader_threads = 0;
  DeviceChoice device = DeviceChoice::kAuto;
  bool overwrite = false;
  TaskSlice slice;

  void Bind(OptionBinder& binder);
  void Check();
};

// Writes OUT_DIR/scores-NNNNN.h5, one part for each --videos-per-part videos in index order; a task
// writes every tasks-th part. The ranks that a launcher started together divide a task: rank r of R
// does the work of task (task * R + r) of tasks * R, and rank 0 returns the result of all. Parts
// that are complete and of the same checkpoint, data and settings are kept. A video with a damaged
// frame gets no clips and is listed in failed.tsv.
ToolResult RunScoring(const ScoreOptions& options);

}  // namespace reel3d
