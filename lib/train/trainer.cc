// SPDX-License-Identifier: Apache-2.0
#include "lib/train/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/base/progress.h"
#include "lib/base/rng.h"
#include "lib/base/stop_signal.h"
#include "lib/train/clip_loss.h"
#include "lib/train/finetune.h"
#include "lib/train/trainer_state.h"

namespace reel3d {

// Returns the loader of the current epoch. It was started during the previous epoch's last step, so
// that nothing waits for the first clips. The first epoch of a run and a resumed one start theirs
// here.
std::unique_ptr<BatchLoader> Trainer::State::TakeLoader() {
  if (upcoming) {
    return std::move(upcoming);
  }
  return data.Training(position.epoch, position.step_in_epoch, loader_threads);
}

// Starts the loader of the next epoch, once this epoch's last clips are loaded. Does nothing if
// this is the last epoch, as far as this rank knows.
void Trainer::State::BeginNextEpoch() {
  if (position.epoch + 1 < options.epochs && !WantsToStop(position.step + 1)) {
    upcoming = data.Training(position.epoch + 1, /*first_step=*/0, loader_threads);
  }
}

bool Trainer::State::NextBatch(BatchLoader& loader) {
  At(Phase::kCopy);
  input.EndCopies();  // because the loader gets back the previous batch's memory
  At(Phase::kData);
  if (!loader.Next(&batch)) {
    return false;
  }
  if (!batch.clips.empty()) {
    last_video = static_cast<int64_t>(batch.clips.back().video);
  }
  for (const ClipFault& fault : batch.faults) {
    damaged.Note(shards.videos()[fault.video].id, fault.reason);
  }
  return true;
}

// Runs `judge` on the batch that was loaded last.
ClipOutputs Trainer::State::Forward(Network& judge, double label_smoothing) {
  const ClipBatch clips = LoadedClips(batch, options.clip.length, options.crop.size);
  At(Phase::kCopy);
  ClipOutputs outputs;
  outputs.labels = input.ToDevice(clips.labels);
  const at::Tensor pixels = input.ToInput(clips.pixels);
  At(Phase::kForward);
  outputs.logits = judge->forward(pixels);
  outputs.losses = ClipLosses(outputs.logits, outputs.labels, label_smoothing);
  return outputs;
}

void Trainer::State::RunStep(BatchLoader& loader, int64_t step_in_epoch) {
  const EpochPartition& partition = data.partition();
  const auto clips_in_step = static_cast<double>(partition.Batch(step_in_epoch).size());
  const int64_t num_parts = partition.NumMicroBatches(step_in_epoch);
  const double epochs_done = position.epoch + static_cast<double>(step_in_epoch) /
                                                  static_cast<double>(partition.NumSteps());
  parallel->ClearGradients();
  BeginGuard();
  std::vector<ClipOutputs> parts;
  for (int64_t part = 0; part < num_parts; ++part) {
    REEL3D_CHECK(NextBatch(loader));
    if (part + 1 == num_parts && step_in_epoch + 1 == partition.NumSteps()) {
      BeginNextEpoch();
    }
    epoch_read_s += batch.read_s;
    epoch_decode_s += batch.decode_s;
    if (position.step == 0 && part == 0) {
      ShowClips(AsTensors(batch, options.clip.length, options.crop.size).pixels);
    }
    parallel->BeginMicroBatch(part + 1 == num_parts);
    // The seed is for dropout: what it drops must not depend on where the run was interrupted.
    torch::manual_seed(Rng(static_cast<uint64_t>(options.seed),
                           static_cast<uint64_t>(position.step),
                           static_cast<uint64_t>(world.rank()), static_cast<uint64_t>(part))
                           .Next());
    const ClipOutputs outputs = Forward(network, options.label_smoothing);
    parts.push_back({outputs.logits.detach(), outputs.labels, outputs.losses.detach()});
    // DataParallel averages the gradients over the ranks. This factor makes that the mean over the
    // step's clips, for any number of clips on this rank.
    At(Phase::kBackward);
    parallel->Backward(outputs.losses.sum() * (world.size() / clips_in_step),
                       [this] { At(Phase::kOtherRanks); });
  }
  At(Phase::kUpdate);
  const double lr = schedule.Rate(epochs_done);
  const at::Tensor gradient_norm = optimizer.ClipGradients();
  if (IsGoodStep(parts, gradient_norm, clips_in_step)) {
    TakeStep(parts, lr);
  }
  clips_trained += clips_in_step;
  ++position.step;
  ++position.step_in_epoch;
  ShowStep(gradient_norm, lr);
}

void Trainer::State::TakeStep(const std::vector<ClipOutputs>& parts, double lr) {
  for (const ClipOutputs& outputs : parts) {
    for (ClipSums* figures : {&sums, &recent}) {
      figures->Add(outputs.logits, outputs.labels, outputs.losses);
    }
  }
  optimizer.Step(lr);
  if (weight_average) {
    const bool is_first = position.step == position.num_bad;
    weight_average->Move(is_first ? 0 : options.ema_decay);
  }
}

// Returns false if the run was stopped in the epoch (and saved), or has met too many damaged
// videos.
bool Trainer::State::RunEpoch() {
  network->train();
  if (options.finetune.bn == "fixed") {
    FixFrozenStatistics(*network);
  }
  const int64_t num_steps = data.partition().NumSteps();
  At(Phase::kData);
  const PhaseSeconds before = phases.Seconds();
  const double clips_before = clips_trained;
  epoch_read_s = epoch_decode_s = 0;
  const std::unique_ptr<BatchLoader> loader = TakeLoader();
  const Watchdog::Work work(watchdog, [&] { return InHand(*loader); });
  std::optional<Progress> progress;
  if (world.is_main()) {
    progress.emplace("clips", data.partition().num_samples);
  }
  while (position.step_in_epoch < num_steps) {
    const SampleRange clips = data.partition().Batch(position.step_in_epoch);
    RunStep(*loader, position.step_in_epoch);
    if (progress) {
      const PhaseSeconds spent = phases.Seconds() - before;
      progress->Note(fmt::format("epoch {} of {}, waiting for data {:.0f} %", position.epoch + 1,
                                 options.epochs, 100 * In(spent, Phase::kData) / Total(spent)));
      progress->Advance(clips.size());
    }
    stopping = MustStop();
    if (stopping) {
      break;
    }
    if (save_due && position.step_in_epoch < num_steps) {
      KeepMainStatistics();
      Save();
    }
  }
  epoch_phases = phases.Seconds() - before;
  In(epoch_phases, Phase::kSave) = 0;  // only the steps count
  epoch_clips = clips_trained - clips_before;
  training_s += Total(epoch_phases);
  waiting_s += In(epoch_phases, Phase::kData);
  // A run that is being stopped may have no time for a validation, so the resumed run does it.
  const bool whole = position.step_in_epoch == num_steps && !stopping;
  if (!whole && !report.over_tolerance) {
    KeepMainStatistics();
    Save();
  }
  return whole && !report.over_tolerance;
}

Trainer::Trainer(const TrainOptions& options, std::string config, const World& world,
                 const ShardSet& shards, c10::Device device)
    : state_(std::make_unique<State>(options, std::move(config), world, shards, device)) {}

Trainer::~Trainer() = default;

TrainReport Trainer::Run() {
  try {
    return RunToEnd();
  } catch (const std::exception& error) {
    // A checkpoint that is being written deserves a moment. But on a disk that hangs, the
    // destructor of this object would wait for ever, and the user would not learn why the run
    // failed.
    constexpr std::chrono::seconds kGrace(5);
    if (state_->saving.valid() && state_->saving.wait_for(kGrace) != std::future_status::ready) {
      const Failure failure = DescribeFailure(error);
      LogError(fmt::format("rank {} of {} on {}: {}", state_->world.rank(), state_->world.size(),
                           state_->world.host(), failure.line));
      state_->world.Abort(failure.exit_status);
    }
    throw;
  }
}

TrainReport Trainer::RunToEnd() {
  State& state = *state_;
  state.report.epochs = state.position.epoch;  // epochs before this part of the run
  state.clock = Stopwatch();
  // Who has asked already need not wait for a step.
  bool ended = state.position.epoch < state.options.epochs && state.world.Any(StopRequested());
  while (state.position.epoch < state.options.epochs && !ended) {
    const bool whole = state.RunEpoch();
    if (whole) {
      state.FinishEpoch();
    }
    ended = state.report.over_tolerance || !whole;
  }
  state.AwaitSave(/*is_last=*/!state.report.over_tolerance);
  state.report.stopped_early = ended && !state.report.over_tolerance;
  state.report.damaged = state.damaged.reasons();
  state.report.steps = state.position.step;
  state.report.epochs = state.position.epoch;
  state.report.best_top1 = state.position.best_top1;
  state.report.num_bad = state.position.num_bad;
  state.report.clips_per_s = state.training_s > 0 ? state.clips_trained / state.training_s : 0;
  const auto slowest_us =
      static_cast<double>(state.world.Max(static_cast<int64_t>(state.waiting_s * 1e6)));
  state.report.waiting_share = state.training_s > 0 ? slowest_us / 1e6 / state.training_s : 0;
  state.report.last_epoch = state.position.last_epoch;
  return state.report;
}

}  // namespace reel3d
