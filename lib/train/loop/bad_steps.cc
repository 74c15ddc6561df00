// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/bad_steps.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <vector>

#include "lib/base/log.h"
#include "lib/model/norm.h"

namespace reel3d {

void FailAlike(const Error& error, const World& world, PhaseClock& phases) {
  if (world.is_main()) {
    throw error;
  }
  phases.Enter(Phase::kOtherRanks);
  for (;;) {
    std::this_thread::sleep_for(std::chrono::hours(1));
  }
}

BadSteps::BadSteps(const TrainOptions& options, const World& world, const ProcessGroup& group,
                   const ShardSet& shards, const EpochData& data, RunState& state, Learner& learner,
                   RunCheckpoints& checkpoints, PhaseClock& phases)
    : world_(world),
      group_(group),
      shards_(shards),
      data_(data),
      state_(state),
      learner_(learner),
      checkpoints_(checkpoints),
      phases_(phases),
      guard_(options.bad_step, learner.network()->buffers()) {}

// Returns the step's mean loss, gradient norm and norm of batch norm's statistics. They are the
// same on every rank, because each rank judges the step for itself. GPUs add squares as float32, so
// a norm above 1.8e19 is infinite there, and the step bad. CPUs add them as doubles, and there a
// norm is infinite above 3.4e38. No training that goes well comes near either number.
at::Tensor BadSteps::Figures(const at::Tensor& loss, const at::Tensor& gradient_norm) {
  const at::NoGradGuard no_grad;
  at::Tensor figures = at::zeros({3}, loss.options().dtype(at::kDouble));
  figures[0] += loss;
  figures[1] += gradient_norm / world_.size();
  if (!learner_.statistics().empty()) {  // statistics may overflow while the loss is finite
    figures[2] += NormOfAll(learner_.statistics()) / world_.size();
  }
  phases_.Enter(Phase::kOtherRanks);
  AllReduceSum(group_, figures);
  phases_.Enter(Phase::kUpdate);
  return figures;
}

bool BadSteps::LetPass(const at::Tensor& loss, const at::Tensor& gradient_norm) {
  const StepVerdict verdict = guard_.Judge(Figures(loss, gradient_norm), state_.position);
  if (verdict == StepVerdict::kTake) {
    return true;
  }
  if (verdict == StepVerdict::kEnd) {
    EndIfFound();
    Fail(
        fmt::format("{} bad steps in a row, the last one: {}. Lower --lr; the last "
                    "checkpoint is as it was",
                    state_.position.bad_in_row, DescribeLast()));
  }
  LeaveOut(verdict);
  return false;
}

void BadSteps::LeaveOut(StepVerdict verdict) {
  const bool rolled_back = verdict == StepVerdict::kRollBack && checkpoints_.RollBack();
  if (!rolled_back) {
    guard_.UndoForward();
  }
  if (world_.is_main()) {
    LogWarn(fmt::format("{}: {}", DescribeLast(),
                        rolled_back
                            ? fmt::format("back to the weights of step {}, and on behind it",
                                          checkpoints_.RollBackStep())
                            : "left out, nothing has moved"));
  }
}

void BadSteps::EndIfFound() {
  if (guard_.FindBadStep()) {
    Fail(fmt::format("{}: lower --lr, or see --on-bad-step; the last checkpoint is as it was",
                     DescribeLast()));
  }
}

// The checkpoint that is being written is of good steps, so it is not to be lost.
void BadSteps::Fail(const std::string& message) {
  checkpoints_.Await();
  FailAlike({ErrorKind::kFailed, message}, world_, phases_);
}

std::string BadSteps::DescribeLast() const {
  const int64_t steps_in_epoch = data_.partition().NumSteps();
  const int64_t step = guard_.last().step;
  std::vector<std::string> ids;
  for (const size_t video :
       data_.VideosOfStep(static_cast<int>(step / steps_in_epoch), step % steps_in_epoch)) {
    ids.push_back(shards_.videos()[video].id);
  }
  return Describe(guard_.last(), steps_in_epoch, ids);
}

}  // namespace reel3d
