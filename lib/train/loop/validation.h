// Passes over clips between two epochs of training: the validation, and batch norm's statistics
// recomputed for it. All functions are collective, and gradients are off in them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lib/dist/process_group.h"
#include "lib/train/loop/clip_feed.h"
#include "lib/train/loop/clip_sums.h"
#include "lib/train/loop/learner.h"
#include "lib/train/watch/phase_clock.h"

namespace reel3d {

// Recomputes batch norm's statistics (--precise-bn) in the network that is judged, over the first
// `num_batches` batches that this rank had in the epoch of training number `epoch`.
void RecomputeStatistics(Learner& learner, ClipFeed& feed, int epoch, int64_t num_batches,
                         const ProcessGroup& group, PhaseClock& phases);

// Returns loss and accuracy of the network that is judged, over the validation clips of all ranks.
ClipMeans Validate(Learner& learner, ClipFeed& feed, at::Device device, const ProcessGroup& group,
                   PhaseClock& phases);

}  // namespace reel3d
