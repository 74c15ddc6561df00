// Applies the network to clips between two training epochs: to validate it, and before that to
// recompute batch norm's statistics. All functions are collective and compute no gradients.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lib/dist/process_group.h"
#include "lib/train/loop/clip_feed.h"
#include "lib/train/loop/clip_sums.h"
#include "lib/train/loop/learner.h"
#include "lib/train/watch/phase_clock.h"

namespace reel3d {

// Recomputes batch norm's statistics (--precise-bn) in learner.Judged(), over the first
// `num_batches` batches of this rank in training epoch `epoch`, counted from 0.
void RecomputeStatistics(Learner& learner, ClipFeed& feed, int epoch, int64_t num_batches,
                         const ProcessGroup& group, PhaseClock& phases);

// Returns loss and accuracy of learner.Judged() over the validation clips of all ranks.
ClipMeans Validate(Learner& learner, ClipFeed& feed, at::Device device, const ProcessGroup& group,
                   PhaseClock& phases);

}  // namespace reel3d
