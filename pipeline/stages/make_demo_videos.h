// The stage behind make-demo-videos: draws and encodes the data set that comes with reel3d.
// lib/demo/synthetic_video.h describes its content.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "lib/base/option_binder.h"

namespace reel3d {

struct MakeDemoVideosOptions {
  std::string out_dir;
  int videos_per_class = 40;
  int64_t seed = 1;
  int threads = 0;
  bool overwrite = false;

  void Bind(OptionBinder& binder);
  void Check() const {}
};

struct MakeDemoVideosReport {
  int64_t num_videos = 0;
  int64_t num_done = 0;
  int64_t num_skipped = 0;  // existed already
  int64_t num_failed = 0;
  int64_t num_frames = 0;  // of the videos done now
  double seconds = 0;

  nlohmann::ordered_json ToJson() const;
};

// Writes OUT_DIR/<class>/<class>_<nnn>.mp4. Throws an environment error if it cannot.
MakeDemoVideosReport RunMakeDemoVideos(const MakeDemoVideosOptions& options);

}  // namespace reel3d
