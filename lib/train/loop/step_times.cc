// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/step_times.h"

namespace reel3d {

void StepTimes::BeginEpoch() {
  before_ = phases_.Seconds();
  clips_before_ = clips_;
  epoch_.read_s = epoch_.decode_s = 0;
  epoch_.read_bytes = epoch_.copied_bytes = 0;
}

void StepTimes::AddBatch(const LoadCost& cost) {
  epoch_.read_s += cost.read_s;
  epoch_.decode_s += cost.decode_s;
  epoch_.read_bytes += static_cast<double>(cost.read_bytes);
  epoch_.copied_bytes += static_cast<double>(cost.copied_bytes);
}

void StepTimes::AddClips(double num_clips) { clips_ += num_clips; }

void StepTimes::EndEpoch() {
  epoch_.phases = SoFar();
  In(epoch_.phases, Phase::kSave) = 0;
  seconds_ += Total(epoch_.phases);
  waiting_s_ += In(epoch_.phases, Phase::kData);
}

}  // namespace reel3d
