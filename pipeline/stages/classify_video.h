// The stage behind classify-video: classifies video files that are in no shard.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/cli/tool.h"
#include "lib/dist/device_choice.h"
#include "lib/frames/frame_decoder.h"
#include "lib/model/precision_options.h"
#include "pipeline/support/weights_use.h"

namespace reel3d {

struct ClassifyVideoOptions {
  std::string checkpoint;
  std::vector<std::string> videos;
  WeightsUse weights;
  int height = 360;
  int quality = 90;
  int top = 5;
  int window_stride = 0;  // frames; 0: the clip's length
  std::string averaging = "softmax";
  bool windows = false;
  std::string annotate;  // file; empty: none
  bool overwrite = false;
  Decoding decoding = Decoding::kFast;
  double max_failed_fraction = 0.01;
  int batch = 8;
  int threads = 0;
  DeviceChoice device = DeviceChoice::kAuto;
  PrecisionOptions precision;
  int stall_timeout = 120;   // seconds
  int worker_memory = 4096;  // MB

  void Bind(OptionBinder& binder);
  // Throws a usage error on --annotate of several videos, or a file that is no .mp4 or is there.
  void Check() const;
};

// Returns `json` with "checkpoint", "videos" (each with "video", "num_frames", "fps", "truncated",
// "top" and "windows") and "failed" (each with "video" and "reason"). "failed" names the videos
// that cannot be read; the status is 3 if they are more than the tolerance. Throws as
// LoadTrainedNetwork() does.
ToolResult RunClassification(const ClassifyVideoOptions& options);

}  // namespace reel3d
