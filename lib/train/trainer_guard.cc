// When a run stops, and what becomes of steps that would do harm.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "lib/base/job_end.h"
#include "lib/base/log.h"
#include "lib/base/progress.h"
#include "lib/base/stop_signal.h"
#include "lib/train/checkpoint_folder.h"
#include "lib/train/trainer_state.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kMostBadInRow = 10;

double NowSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

// Once, and on one rank alone: it asks the scheduler, and ranks agree at each step anyway.
void Trainer::State::FindEndOfJob() {
  if (options.stop_before_end <= 0 || !world.is_main()) {
    return;
  }
  job_end_s = JobEndTime();
  if (!job_end_s) {
    LogWarn(
        fmt::format("--stop-before-end {:g}: neither SLURM_JOB_END_TIME nor squeue says when "
                    "this job ends: it goes on until it is told to stop",
                    options.stop_before_end));
    return;
  }
  const double left_s = static_cast<double>(*job_end_s) - NowSeconds();
  LogInfo(fmt::format("the job ends in {}: --stop-before-end {:g} minutes of them are left",
                      FormatDuration(std::max(0.0, left_s)), options.stop_before_end));
}

bool Trainer::State::JobEnds() const {
  return job_end_s &&
         NowSeconds() >= static_cast<double>(*job_end_s) - options.stop_before_end * 60;
}

// Of this rank alone, `step` steps into the run.
bool Trainer::State::WantsToStop(int64_t step) const {
  return StopRequested() || JobEnds() ||
         (options.stop_after_steps > 0 && step >= options.stop_after_steps);
}

// The same answer on every rank: a signal, or damage, may have reached only some of them.
bool Trainer::State::MustStop() {
  constexpr uint64_t kStop = 1;
  constexpr uint64_t kDamage = 2;
  constexpr uint64_t kSave = 4;
  constexpr uint64_t kSaved = 8;
  constexpr uint64_t kNotSaved = 16;
  uint64_t own = (WantsToStop(position.step) ? kStop : 0) | (damaged.HasNews() ? kDamage : 0) |
                 (SaveIsDue() ? kSave : 0);
  if (saving.valid() && saving.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
    own |= IsSaved(/*is_last=*/false) ? kSaved : kNotSaved;
  }
  At(Phase::kOtherRanks);
  const uint64_t any = world.Or(own);
  save_due = (any & kSave) != 0;
  if ((any & (kSaved | kNotSaved)) != 0) {
    EndSave((any & kNotSaved) != 0);
  }
  if ((any & kDamage) != 0) {
    ShareDamaged();
  }
  return (any & kStop) != 0 || report.over_tolerance;
}

void Trainer::State::ShareDamaged() {
  for (const auto& [id, reason] : damaged.Share(world)) {
    if (world.is_main()) {
      LogWarn(fmt::format("{} is damaged, other clips take the place of its: {}", id, reason));
    }
  }
  const auto num_videos = static_cast<double>(data.num_training() + data.num_validation());
  report.over_tolerance =
      static_cast<double>(damaged.size()) > options.max_failed_fraction * num_videos;
}

// What the step's forward passes change, where they may turn out to have been in vain.
void Trainer::State::BeginGuard() {
  buffers_before.clear();
  if (options.bad_step.action != "stop") {
    for (const at::Tensor& buffer : network->buffers()) {
      buffers_before.push_back(buffer.clone());
    }
  }
}

// False where the step is not to be taken: the same on every rank, as all see the same sums.
bool Trainer::State::IsGoodStep(const std::vector<ClipOutputs>& parts,
                                const at::Tensor& gradient_norm, double num_clips) {
  const at::NoGradGuard no_grad;
  const auto in_double = at::TensorOptions(device).dtype(at::kDouble);
  at::Tensor figures = at::zeros({4}, in_double);
  for (const ClipOutputs& outputs : parts) {
    figures[1] += outputs.losses.sum() / num_clips;
  }
  figures[2] += gradient_norm / world.size();
  if (!statistics.empty()) {  // they may overflow where the loss does not
    figures[3] += at::stack(at::_foreach_norm(statistics)).norm() / world.size();
  }
  At(Phase::kOtherRanks);
  AllReduceSum(group, figures);
  At(Phase::kUpdate);
  figures[0] += static_cast<double>(position.step);
  at::Tensor is_bad = figures.isfinite().all().logical_not();
  if (options.bad_step.norm > 0) {
    is_bad = is_bad.logical_or(figures[2] > options.bad_step.norm);
  }
  if (!bad_step.defined()) {
    bad_step = at::full({4}, -1, in_double);
  }
  bad_step = at::where(is_bad.logical_and(bad_step[0] < 0), figures, bad_step);
  if (options.bad_step.action == "stop") {
    if (!device.is_cuda()) {
      EndAtBadStep();  // here, it costs nothing to look
    }
    return true;
  }
  if (!is_bad.item<bool>()) {
    position.bad_in_row = 0;
    return true;
  }
  LeaveOut();
  return false;
}

void Trainer::State::LeaveOut() {
  const std::string description = DescribeBadStep();
  bad_step.reset();
  ++position.num_bad;
  ++position.bad_in_row;
  if (position.bad_in_row >= kMostBadInRow) {
    FailAlike({ErrorKind::kFailed,
               fmt::format("{} bad steps in a row, the last one: {}. Lower --lr; the last "
                           "checkpoint is as it was",
                           position.bad_in_row, description)});
  }
  const bool rolled_back = options.bad_step.action == "roll-back" && RollBack();
  if (!rolled_back) {
    const std::vector<at::Tensor> buffers = network->buffers();
    for (size_t i = 0; i < buffers.size(); ++i) {
      buffers[i].copy_(buffers_before[i]);
    }
  }
  if (world.is_main()) {
    LogWarn(fmt::format(
        "{}: {}", description,
        rolled_back
            ? fmt::format("back to the weights of step {}, and on behind it", RollBackStep())
            : "left out, nothing has moved"));
  }
}

// The checkpoint that every run with these settings comes by, wherever it was interrupted.
int64_t Trainer::State::RollBackStep() const {
  const int epoch = position.epoch - position.epoch % options.checkpoint_epochs;
  return epoch * data.partition().NumSteps();
}

// False where there is none: in the first epoch, or the disk was full. Collective.
bool Trainer::State::RollBack() {
  AwaitSave();
  const fs::path checkpoint = CheckpointFolder() / CheckpointName(RollBackStep());
  At(Phase::kOtherRanks);
  const bool is_there =
      world.Any(world.is_main() && fs::exists(checkpoint / CheckpointFiles::kDone));
  At(Phase::kUpdate);
  if (is_there) {
    VerifyCheckpoint(checkpoint);
    LoadWeights(checkpoint);
  }
  return is_there;
}

// What every rank has met alike the main one tells; the end of the others is up to it.
void Trainer::State::FailAlike(const Error& error) {
  if (world.is_main()) {
    throw error;
  }
  At(Phase::kOtherRanks);
  for (;;) {
    std::this_thread::sleep_for(std::chrono::hours(1));
  }
}

// Where the host may wait for the device: ends the run if a step was bad. On every rank.
void Trainer::State::EndAtBadStep() {
  if (bad_step.defined() && bad_step[0].item<double>() >= 0) {
    FailAlike({ErrorKind::kFailed, fmt::format("{}: lower --lr, or see --on-bad-step; the last "
                                               "checkpoint is as it was",
                                               DescribeBadStep())});
  }
}

// "step 12 in epoch 3: loss nan, gradient norm nan, clips of anna_wave, ben_run".
std::string Trainer::State::DescribeBadStep() const {
  const auto value = [&](int i) { return bad_step[i].item<double>(); };
  const auto step = static_cast<int64_t>(value(0));
  const int64_t steps_in_epoch = data.partition().NumSteps();
  const auto epoch = static_cast<int>(step / steps_in_epoch);
  std::vector<std::string> ids;
  for (const size_t video : data.VideosOfStep(epoch, step % steps_in_epoch)) {
    ids.push_back(shards.videos()[video].id);
  }
  return fmt::format("step {} in epoch {}: loss {:.4g}, gradient norm {:.4g}{}, clips of {}",
                     step + 1, epoch + 1, value(1), value(2),
                     std::isfinite(value(3)) ? "" : ", batch norm's statistics no numbers",
                     fmt::join(ids, ", "));
}

}  // namespace reel3d
