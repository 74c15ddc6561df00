// Runs a network on the clips that a feed has loaded, as training and its validation do.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include "lib/model/network.h"
#include "lib/train/loop/clip_feed.h"
#include "lib/train/watch/phase_clock.h"

namespace reel3d {

// A network's results for a batch of this rank's clips.
struct ClipOutputs {
  at::Tensor logits;  // (N, classes)
  at::Tensor labels;  // int64 (N)
  at::Tensor losses;  // cross entropy (N)
};

// Loads the next batch. Returns false after the last one.
bool NextBatch(ClipFeed& feed, PhaseClock& phases);

// Runs `network` on the batch that was loaded last.
ClipOutputs Compute(Network& network, ClipFeed& feed, double label_smoothing, PhaseClock& phases);

}  // namespace reel3d
