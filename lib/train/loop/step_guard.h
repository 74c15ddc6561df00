// Judges each step before it is taken: a step is bad if its loss, its gradient or batch norm's
// statistics are not finite, or if its gradient norm is above --bad-step-norm. The guard decides,
// and BadSteps (bad_steps.h) acts.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "lib/train/checkpoint/position.h"
#include "lib/train/train_options.h"

namespace reel3d {

enum class StepVerdict {
  kTake,      // the step is good, or is not checked yet
  kLeaveOut,  // undo the step and continue
  kRollBack,  // go back to the weights of a checkpoint
  kEnd,       // end the run
};

// The figures of a bad step.
struct BadStep {
  int64_t step = -1;
  double loss = 0, gradient_norm = 0, statistics_norm = 0;
};

class StepGuard {
 public:
  static constexpr int64_t kMostBadInRow = 10;

  // `buffers` are those of the network, which forward passes change.
  StepGuard(const BadStepOptions& options, std::vector<at::Tensor> buffers);

  // Call it before a step's first forward pass: copies the buffers if bad steps are undone.
  void BeginStep();

  // Judges the current step and counts bad ones in `position`. `figures`, double [3] on the device,
  // holds the step's mean loss, the norm of its gradient and that of batch norm's statistics, the
  // same on every rank. The host waits for the device. The exception is a GPU with --on-bad-step
  // stop: each step is taken without waiting, and FindBadStep() finds a bad one later.
  StepVerdict Judge(const at::Tensor& figures, Position& position);

  // Returns true if a bad step must end the run, which can only be with --on-bad-step stop. Waits
  // for the device.
  bool FindBadStep();

  // Returns the bad step that Judge() or FindBadStep() found last.
  const BadStep& last() const { return last_; }

  // Gives the buffers the values from before the step.
  void UndoForward();

 private:
  const BadStepOptions options_;
  const std::vector<at::Tensor> buffers_;
  std::vector<at::Tensor> buffers_before_;
  at::Tensor first_bad_;  // double [4] on the device: step (-1: none) and figures; may be undefined
  BadStep last_;
};

// Returns, for example, "step 12 in epoch 3: loss nan, gradient norm nan, clips of anna_wave,
// ben_run".
std::string Describe(const BadStep& bad, int64_t steps_in_epoch,
                     const std::vector<std::string>& video_ids);

}  // namespace reel3d
