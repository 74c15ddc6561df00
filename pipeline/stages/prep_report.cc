// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/prep_report.h"

#include <algorithm>

namespace reel3d {

double PrepVideosReport::FramesPerSecond() const {
  return seconds > 0 ? static_cast<double>(num_frames) / seconds : 0;
}

nlohmann::ordered_json PrepVideosReport::ToJson() const {
  return {{"num_videos", num_videos},
          {"num_done", num_done},
          {"num_skipped", num_skipped},
          {"num_failed", num_failed},
          {"num_truncated", num_truncated},
          {"num_frames", num_frames},
          {"workers", num_workers},
          {"warnings", warnings},
          {"seconds", seconds},
          {"frames_per_s", FramesPerSecond()}};
}

void PrepVideosReport::Add(const PrepVideosReport& next) {
  num_videos += next.num_videos;
  num_done += next.num_done;
  num_skipped += next.num_skipped;
  num_truncated += next.num_truncated;
  num_failed += next.num_failed;
  num_frames += next.num_frames;
  num_workers = std::max(num_workers, next.num_workers);
  warnings.insert(next.warnings.begin(), next.warnings.end());
}

}  // namespace reel3d
