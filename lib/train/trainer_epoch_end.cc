// The work after the steps of an epoch: its figures, the validation, and saving.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "lib/base/error.h"
#include "lib/train/finetune.h"
#include "lib/train/precise_bn.h"
#include "lib/train/trainer_state.h"

namespace reel3d {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

}  // namespace

// Copies rank 0's buffers to all ranks. With --bn local each rank has its own statistics; those of
// rank 0 are validated and saved.
void Trainer::State::KeepMainStatistics() {
  BroadcastFromMain(group, network->buffers());
  if (average) {
    BroadcastFromMain(group, (*average)->buffers());
  }
}

// Recomputes batch norm's statistics over the first training clips of the epoch that has just
// ended.
void Trainer::State::TakeStatistics() {
  const at::NoGradGuard no_grad;
  Judged()->train();
  if (options.finetune.bn == "fixed") {
    FixFrozenStatistics(*Judged());
  }
  PreciseStatistics statistics(*Judged());
  const EpochPartition& partition = data.partition();
  const int64_t num_steps = std::min<int64_t>(
      (options.precise_bn + options.batch - 1) / options.batch, partition.NumSteps());
  validating = true;
  const auto loader = data.Training(position.epoch - 1, /*first_step=*/0, loader_threads);
  const Watchdog::Work work(watchdog, [&] { return InHand(*loader); });
  for (int64_t step = 0; step < num_steps; ++step) {
    for (int64_t part = 0; part < partition.NumMicroBatches(step); ++part) {
      REEL3D_CHECK(NextBatch(*loader));
      statistics.Add(Forward(Judged(), /*label_smoothing=*/0).labels.size(0));
    }
  }
  validating = false;
  At(Phase::kOtherRanks);
  statistics.Keep(group);
}

ClipMeans Trainer::State::Validate() {
  const at::NoGradGuard no_grad;
  Judged()->eval();
  ClipSums validation(device);
  validating = true;
  const auto loader = data.Validation(loader_threads);
  const Watchdog::Work work(watchdog, [&] { return InHand(*loader); });
  while (NextBatch(*loader)) {
    const ClipOutputs outputs = Forward(Judged(), /*label_smoothing=*/0);
    validation.Add(outputs.logits, outputs.labels, outputs.losses);
  }
  validating = false;
  At(Phase::kOtherRanks);
  ShareDamaged();
  return validation.Means(group);
}

void Trainer::State::FinishEpoch() {
  At(Phase::kOtherRanks);
  EndAtBadStep();
  const ClipMeans training = sums.Means(group);
  const double lr = schedule.Rate(position.epoch);
  KeepMainStatistics();
  ++position.epoch;
  position.step_in_epoch = 0;
  sums = ClipSums(device);
  const bool is_due =
      options.validation.every > 0 && data.num_validation() > 0 &&
      (position.epoch % options.validation.every == 0 || position.epoch == options.epochs);
  if (options.precise_bn > 0 && (is_due || position.epoch == options.epochs)) {
    TakeStatistics();
  }
  const ClipMeans validation = is_due ? Validate() : ClipMeans{kNone, kNone, kNone, 0};
  if (report.over_tolerance) {
    return;
  }
  const bool validated = validation.num_clips > 0;
  if (validated && !std::isfinite(validation.loss)) {
    FailAlike(Diverged("the validation loss", position.epoch));
  }
  AwaitSave();  // an epoch that could not be saved is not the best so far
  const Position before = position;
  const bool best =
      validated &&
      (validation.top1 > position.best_top1 ||
       (validation.top1 == position.best_top1 && validation.loss < position.best_loss));
  if (best) {
    position.best_top1 = validation.top1;
    position.best_loss = validation.loss;
  }
  if (best || position.best_top1 < 0) {
    position.best_step = position.step;
  }
  if (schedule.EndEpoch(validation.loss)) {
    Say(fmt::format("validation loss has saturated: learning rate {:g} from here on",
                    schedule.Rate(position.epoch)));
  }
  At(Phase::kSave);  // writing the logs may hang, which is not the others' fault
  Record(training, validation, lr);
  At(Phase::kOtherRanks);
  ShowTimes();
  if (best || position.epoch % options.checkpoint_epochs == 0 || position.epoch == options.epochs ||
      save_due) {
    Save();
  }
  if (best) {
    before_best = before;
  }
}

}  // namespace reel3d
