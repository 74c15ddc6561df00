// Adds up the time of a rank's steps, in the current epoch and in this part of the run (since its
// start or resume). Validation and checkpoints do not count.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "lib/loader/batch_loader.h"
#include "lib/train/log/epoch_times.h"
#include "lib/train/watch/phase_clock.h"

namespace reel3d {

class StepTimes {
 public:
  // `phases` must outlive this object.
  StepTimes(const PhaseClock& phases, std::string host) : phases_(phases) {
    epoch_.host = std::move(host);
  }

  void BeginEpoch();
  // Counts what loading a batch of this rank has cost.
  void AddBatch(const LoadCost& cost);
  // Counts the clips of a step, over all ranks.
  void AddClips(double num_clips);
  void EndEpoch();

  // Returns this rank's times of the epoch that ended last, and the clips of all ranks in it.
  const RankTimes& epoch() const { return epoch_; }
  double epoch_clips() const { return clips_ - clips_before_; }
  // Returns the phases of the current epoch so far.
  PhaseSeconds SoFar() const { return phases_.Seconds() - before_; }

  // Return the sums over this part of the run.
  double clips() const { return clips_; }  // of all ranks
  double seconds() const { return seconds_; }
  double waiting_s() const { return waiting_s_; }  // waiting for data

 private:
  const PhaseClock& phases_;
  RankTimes epoch_;
  PhaseSeconds before_{};  // phases_.Seconds() when the epoch began
  double clips_before_ = 0;
  double clips_ = 0, seconds_ = 0, waiting_s_ = 0;
};

}  // namespace reel3d
