// Finds the number of videos of a plan, and their average length, frame rate and height.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/plan/run_plan.h"

namespace reel3d {

struct VideosOptions {
  std::string manifest;
  int64_t videos = 0;
  double seconds = 0, fps = 0, lines = 0;  // 0: as probed or assumed
  double training_share = 0;
  int probe = 200;

  void Bind(OptionBinder& binder);
  void Check() const;
};

struct PlannedVideos {
  plan::Videos videos;
  std::vector<std::string> notes;  // sentences, such as on videos that could not be opened
};

// Reads the manifest and the headers of some of its videos, spread evenly. Without a manifest, uses
// only the options. Throws an input error if the manifest has errors or no videos, and a usage
// error if the videos are shorter than a frame.
PlannedVideos PlanVideos(const VideosOptions& options);

}  // namespace reel3d
