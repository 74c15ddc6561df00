// Counts what prep-videos has done with the videos of a task, or of its slices.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace reel3d {

struct PrepVideosReport {
  int64_t num_videos = 0;     // of this task, or of its slices
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

  // Adds the counts and warnings of another slice.
  void Add(const PrepVideosReport& next);
  double FramesPerSecond() const;
  nlohmann::ordered_json ToJson() const;
};

}  // namespace reel3d
