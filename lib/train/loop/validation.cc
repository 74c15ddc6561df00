// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/validation.h"

#include <torch/types.h>

#include "lib/base/error.h"
#include "lib/train/loop/clip_outputs.h"
#include "lib/train/loop/precise_bn.h"

namespace reel3d {

void RecomputeStatistics(Learner& learner, ClipFeed& feed, int epoch, int64_t num_batches,
                         const ProcessGroup& group, PhaseClock& phases) {
  const at::NoGradGuard no_grad;
  learner.SetTraining(learner.Judged());
  PreciseStatistics statistics(*learner.Judged());
  {
    const PhaseClock::Whole validating(phases, Phase::kValidate);
    feed.OpenTraining(epoch, /*first_step=*/0);
    for (int64_t batch = 0; batch < num_batches; ++batch) {
      REEL3D_CHECK(NextBatch(feed, phases));
      statistics.Add(Compute(learner.Judged(), feed, /*label_smoothing=*/0, phases).labels.size(0));
    }
    feed.Close();
  }
  phases.Enter(Phase::kOtherRanks);
  statistics.Keep(group);
}

ClipMeans Validate(Learner& learner, ClipFeed& feed, at::Device device, const ProcessGroup& group,
                   PhaseClock& phases) {
  const at::NoGradGuard no_grad;
  learner.Judged()->eval();
  ClipSums sums(device);
  {
    const PhaseClock::Whole validating(phases, Phase::kValidate);
    feed.OpenValidation();
    while (NextBatch(feed, phases)) {
      const ClipOutputs outputs = Compute(learner.Judged(), feed, /*label_smoothing=*/0, phases);
      sums.Add(outputs.logits, outputs.labels, outputs.losses);
    }
    feed.Close();
  }
  phases.Enter(Phase::kOtherRanks);
  return sums.Means(group);
}

}  // namespace reel3d
