// Handles bad steps (step_guard.h) as --on-bad-step says: sums the figures of a step over all
// ranks, lets the guard judge them, and acts on its verdict. Every method is collective.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>

#include "lib/base/error.h"
#include "lib/dist/process_group.h"
#include "lib/dist/world.h"
#include "lib/shard/shard_set.h"
#include "lib/train/checkpoint/run_checkpoints.h"
#include "lib/train/checkpoint/run_state.h"
#include "lib/train/loop/epoch_data.h"
#include "lib/train/loop/learner.h"
#include "lib/train/loop/step_guard.h"
#include "lib/train/train_options.h"
#include "lib/train/watch/phase_clock.h"

namespace reel3d {

class BadSteps {
 public:
  // All references must outlive this object.
  BadSteps(const TrainOptions& options, const World& world, const ProcessGroup& group,
           const ShardSet& shards, const EpochData& data, RunState& state, Learner& learner,
           RunCheckpoints& checkpoints, PhaseClock& phases);

  // Call it before a step's first forward pass.
  void BeginStep() { guard_.BeginStep(); }
  // Judges the step whose gradients the learner holds. `loss` is this rank's part of the mean loss
  // and `gradient_norm` is the same on every rank; both are scalars on the device. Returns true if
  // the step is to be taken. Otherwise the network is as it was before the step, or as in an
  // earlier checkpoint. Throws a failure if the run must end.
  bool LetPass(const at::Tensor& loss, const at::Tensor& gradient_norm);
  // Throws a failure if a bad step has been found that ends the run (--on-bad-step stop). Call it
  // where the host may wait for the device, and before a checkpoint is saved.
  void EndIfFound();

 private:
  at::Tensor Figures(const at::Tensor& loss, const at::Tensor& gradient_norm);
  void LeaveOut(StepVerdict verdict);
  void Fail(const std::string& message);
  std::string DescribeLast() const;

  const World& world_;
  const ProcessGroup& group_;
  const ShardSet& shards_;
  const EpochData& data_;
  RunState& state_;
  Learner& learner_;
  RunCheckpoints& checkpoints_;
  PhaseClock& phases_;
  StepGuard guard_;
};

// Ends the run. Call it on all ranks with the same error. The main rank throws that error, which
// ends the job. The other ranks wait for this end, so the error is printed once.
[[noreturn]] void FailAlike(const Error& error, const World& world, PhaseClock& phases);

}  // namespace reel3d
