// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/clip_outputs.h"

#include "lib/train/loop/clip_loss.h"

namespace reel3d {

bool NextBatch(ClipFeed& feed, PhaseClock& phases) {
  phases.Enter(Phase::kCopy);
  feed.EndCopies();
  phases.Enter(Phase::kData);
  return feed.Next();
}

ClipOutputs Compute(Network& network, ClipFeed& feed, double label_smoothing, PhaseClock& phases) {
  phases.Enter(Phase::kCopy);
  const ClipFeed::Clips clips = feed.ToDevice();
  phases.Enter(Phase::kForward);
  ClipOutputs outputs;
  outputs.labels = clips.labels;
  outputs.logits = network->forward(clips.input);
  outputs.losses = ClipLosses(outputs.logits, outputs.labels, label_smoothing);
  return outputs;
}

}  // namespace reel3d
