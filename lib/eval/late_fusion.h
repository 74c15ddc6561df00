// Computes the late fusion of two runs: the weighted mean of their probabilities, video by video.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/eval/paired_videos.h"

namespace reel3d {

struct FusedAnswers {
  double weight_of_b[2] = {0.5, 0.5};  // the best one on half 0, on half 1
  std::vector<bool> is_right;          // of each video, with the weight of the other half
};

// Tries the weights 0, 0.05 .. 1. Among equally good weights it takes the one nearest to 1/2, then
// the lower one. `halves` has 0 or 1 for each video. If a half is empty, its weight is 1/2. Uses up
// to `threads` threads.
FusedAnswers FuseLate(const std::vector<PairedVideo>& videos, const std::vector<int>& halves,
                      int threads);

}  // namespace reel3d
