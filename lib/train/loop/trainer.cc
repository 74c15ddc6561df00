// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/trainer.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/base/progress.h"
#include "lib/base/rng.h"
#include "lib/base/stop_signal.h"
#include "lib/dist/device.h"
#include "lib/train/cpu_share.h"
#include "lib/train/loop/finetune.h"
#include "lib/train/loop/introduction.h"
#include "lib/train/loop/staging.h"
#include "lib/train/loop/step_vote.h"
#include "lib/train/loop/validation.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// A log of days has a line for each epoch; only a longer epoch has lines in between.
constexpr double kLineWithinEpoch_s = 600;

// Sets up torch for this process, and returns the number of its threads.
int BeginComputing(const TrainOptions& options, int cores) {
  const int threads = options.threads > 0 ? options.threads : cores;
  at::set_num_threads(threads);
  ChooseKernels(options.deterministic);
  return threads;
}

// Returns nothing on ranks other than the main one, which alone writes the run's files.
std::unique_ptr<StartLog> BeginStartLog(const TrainOptions& options, const PhaseClock& phases,
                                        const World& world) {
  return world.is_main()
             ? std::make_unique<StartLog>(options.run_dir, phases, world.host(), world.size())
             : nullptr;
}

StopLimits LimitsOf(const TrainOptions& options, const World& world) {
  StopLimits limits;
  limits.after_steps = options.stop_after_steps;
  if (options.stop_before_end > 0 && world.is_main()) {
    limits.at_s = StopTime(options.stop_before_end);
  }
  return limits;
}

}  // namespace

Trainer::Trainer(const TrainOptions& options, std::string config, const World& world,
                 const ShardSet& shards, at::Device device)
    : options_(options),
      world_(world),
      shards_(shards),
      device_(device),
      watchdog_(phases_, world, fs::path(options.run_dir) / "heartbeats", options.stall_timeout),
      start_log_(BeginStartLog(options, phases_, world)),
      times_(phases_, world.host()),
      data_(shards, options_, world, device),
      cores_(CpuShare(world)),
      threads_(BeginComputing(options_, cores_)),
      loader_threads_(options.loader_threads > 0 ? options.loader_threads : threads_),
      group_(MakeProcessGroup(world, device)),
      state_(options_, device),
      feed_(data_, shards, options_, device, watchdog_, state_.damaged, loader_threads_),
      learner_(options_, static_cast<int>(shards.classes().size()), data_.BatchSizes(), world,
               group_, device),
      stop_wish_(LimitsOf(options, world)),
      checkpoints_(options_, std::move(config), StepsInEpoch(), world, group_, shards, state_,
                   learner_, phases_),
      bad_steps_(options_, world, group_, shards, data_, state_, learner_, checkpoints_, phases_) {
  if (options_.schedule.kind == ScheduleKind::kPlateau && data_.num_validation() == 0) {
    throw UsageError(fmt::format(
        "--schedule plateau follows the validation loss, and {} holds no validation videos: choose "
        "multistep, cosine or constant",
        options_.shards_dir));
  }
  const bool resumed = checkpoints_.Resume();
  phases_.SetStep(state_.position.step);
  if (start_log_) {
    start_log_->NoteFirstStep(state_.position.step);
  }
  if (!resumed && !options_.finetune.file.empty()) {
    const std::string loaded =
        LoadPretrained(*learner_.network(), PretrainedFile(options_.finetune));
    if (world_.is_main()) {
      LogInfo(loaded);
    }
  }
  learner_.JoinRanks();
  if (world_.is_main()) {
    views_.emplace(options_, state_.position, resumed);
    Introduce({options_, shards_, data_, learner_, world_.size(), device_, threads_});
    if (resumed) {
      LogInfo(fmt::format("going on from step {}, epoch {}", state_.position.step,
                          state_.position.epoch));
    }
  }
  copier_ = BeginStaging(options_, world_, shards_, data_, state_.position);
}

TrainReport Trainer::Run() {
  try {
    return RunEpochs();
  } catch (const std::exception& error) {
    if (start_log_) {
      start_log_->NoteEnd(kEndFailed);
    }
    // A checkpoint that is being written gets a moment to finish. But on a disk that hangs, the
    // destructor of this object would wait for ever, and the user would not learn why the run
    // failed.
    constexpr std::chrono::seconds kGrace(5);
    if (checkpoints_.IsStuck(kGrace)) {
      const Failure failure = DescribeFailure(error);
      LogError(fmt::format("rank {} of {} on {}: {}", world_.rank(), world_.size(), world_.host(),
                           failure.line));
      world_.Abort(failure.exit_status);
    }
    throw;
  }
}

TrainReport Trainer::RunEpochs() {
  const Position& position = state_.position;
  // A request to stop that has already come takes effect before the first step.
  bool ended = position.epoch < options_.epochs && world_.Any(StopRequested());
  while (position.epoch < options_.epochs && !ended) {
    const bool whole = RunEpoch();
    if (whole) {
      FinishEpoch();
    }
    ended = report_.over_tolerance || !whole;
  }
  checkpoints_.Await(/*is_last=*/!report_.over_tolerance);
  report_.stopped_early = ended && !report_.over_tolerance;
  if (start_log_) {
    start_log_->NoteEnd(report_.over_tolerance ? kEndFailed : ended ? kEndStopped : kEndComplete);
  }
  report_.ranks = world_.size();
  report_.num_training = data_.num_training();
  report_.num_validation = data_.num_validation();
  report_.damaged = state_.damaged.reasons();
  report_.steps = position.step;
  report_.epochs = position.epoch;
  report_.best_top1 = position.best_top1;
  report_.num_bad = position.num_bad;
  report_.last_epoch = position.last_epoch;
  const auto slowest_us =
      static_cast<double>(world_.Max(static_cast<int64_t>(times_.waiting_s() * 1e6)));
  if (times_.seconds() > 0) {
    report_.clips_per_s = times_.clips() / times_.seconds();
    report_.waiting_share = slowest_us / 1e6 / times_.seconds();
  }
  return report_;
}

// Returns false if the run was stopped in the epoch (and saved), or has found too many damaged
// videos.
bool Trainer::RunEpoch() {
  Position& position = state_.position;
  learner_.SetTraining(learner_.network());
  phases_.Enter(Phase::kData);
  times_.BeginEpoch();
  feed_.OpenTraining(position.epoch, position.step_in_epoch);
  std::optional<Progress> progress;
  if (world_.is_main()) {
    progress.emplace("clips", data_.partition().num_samples, kLineWithinEpoch_s);
  }
  bool stopping = false;
  while (position.step_in_epoch < StepsInEpoch()) {
    const SampleRange clips = data_.partition().Batch(position.step_in_epoch);
    RunStep(position.step_in_epoch);
    if (progress) {
      const PhaseSeconds spent = times_.SoFar();
      progress->Note(fmt::format("epoch {} of {}, waiting for data {:.0f} %", position.epoch + 1,
                                 options_.epochs, 100 * In(spent, Phase::kData) / Total(spent)));
      progress->Advance(clips.size());
    }
    stopping = AgreeToStop();
    if (stopping) {
      break;
    }
    if (save_due_ && position.step_in_epoch < StepsInEpoch()) {
      learner_.KeepMainStatistics();
      Save();
    }
  }
  times_.EndEpoch();
  feed_.Close();
  // A run that is being stopped may have no time for a validation, so the resumed run does it.
  const bool whole = position.step_in_epoch == StepsInEpoch() && !stopping;
  if (!whole && !report_.over_tolerance) {
    learner_.KeepMainStatistics();
    Save();
  }
  return whole && !report_.over_tolerance;
}

void Trainer::RunStep(int64_t step_in_epoch) {
  Position& position = state_.position;
  const auto clips_in_step = static_cast<double>(data_.partition().Batch(step_in_epoch).size());
  const int64_t num_parts = data_.partition().NumMicroBatches(step_in_epoch);
  learner_.parallel().ClearGradients();
  bad_steps_.BeginStep();
  std::vector<ClipOutputs> parts;
  at::Tensor loss = at::zeros({}, at::TensorOptions(device_).dtype(at::kDouble));
  for (int64_t part = 0; part < num_parts; ++part) {
    parts.push_back(TrainOnBatch(part, num_parts, clips_in_step));
    loss += parts.back().losses.sum() / clips_in_step;
  }
  phases_.Enter(Phase::kUpdate);
  const double lr = state_.schedule.Rate(position.epoch + static_cast<double>(step_in_epoch) /
                                                              static_cast<double>(StepsInEpoch()));
  const at::Tensor gradient_norm = learner_.ClipGradients();
  if (bad_steps_.LetPass(loss, gradient_norm)) {
    TakeStep(parts, lr);
  }
  times_.AddClips(clips_in_step);
  ++position.step;
  ++position.step_in_epoch;
  phases_.SetStep(position.step);
  AddPoint(gradient_norm, lr);
}

// Computes the gradients of the next batch, which is part `part` of the current step.
ClipOutputs Trainer::TrainOnBatch(int64_t part, int64_t num_parts, double clips_in_step) {
  const Position& position = state_.position;
  const bool is_last = part + 1 == num_parts;
  REEL3D_CHECK(NextBatch(feed_, phases_));
  if (is_last && position.step_in_epoch + 1 == StepsInEpoch() &&
      position.epoch + 1 < options_.epochs && !stop_wish_.Holds(position.step + 1)) {
    feed_.BeginNextEpoch(position.epoch + 1);
  }
  times_.AddBatch(feed_.cost());
  if (views_ && position.step == 0 && part == 0) {
    views_->ShowClips(feed_.Pixels());
  }
  learner_.parallel().BeginMicroBatch(is_last);
  // Dropout uses this seed, so that its choices do not depend on interruptions of the run.
  torch::manual_seed(Rng(static_cast<uint64_t>(options_.seed), static_cast<uint64_t>(position.step),
                         static_cast<uint64_t>(world_.rank()), static_cast<uint64_t>(part))
                         .Next());
  const ClipOutputs outputs = Compute(learner_.network(), feed_, options_.label_smoothing, phases_);
  // DataParallel averages the gradients over the ranks. This factor turns that average into the
  // mean over the step's clips, for any number of clips on this rank.
  phases_.Enter(Phase::kBackward);
  learner_.parallel().Backward(outputs.losses.sum() * (world_.size() / clips_in_step),
                               [this] { phases_.Enter(Phase::kOtherRanks); });
  return {outputs.logits.detach(), outputs.labels, outputs.losses.detach()};
}

void Trainer::TakeStep(const std::vector<ClipOutputs>& parts, double lr) {
  for (const ClipOutputs& outputs : parts) {
    for (ClipSums* sums : {&state_.sums, &state_.recent}) {
      sums->Add(outputs.logits, outputs.labels, outputs.losses);
    }
  }
  learner_.Step(lr, /*is_first=*/state_.position.step == state_.position.num_bad);
}

// Adds a point to the curves every --tensorboard-every steps. Collective.
void Trainer::AddPoint(const at::Tensor& gradient_norm, double lr) {
  const int64_t step = state_.position.step;
  if (options_.tensorboard_every == 0 || step % options_.tensorboard_every != 0) {
    return;
  }
  bad_steps_.EndIfFound();  // the host waits for the device here anyway
  const ClipMeans means = state_.recent.Means(group_);
  state_.recent = ClipSums(device_);
  if (views_) {
    views_->AddPoint({step, means, lr, gradient_norm.item<double>(), learner_.WeightNorm(),
                      phases_.Seconds(), times_.clips()});
  }
}

// Exchanges with the other ranks the facts since the previous step (StepVote). Returns true, on
// every rank, if the run must stop. Collective.
bool Trainer::AgreeToStop() {
  StepVote own;
  own.stop = stop_wish_.Holds(state_.position.step);
  own.damage = state_.damaged.HasNews();
  checkpoints_.Vote(own);
  phases_.Enter(Phase::kOtherRanks);
  const StepVote all = Agree(world_, own);
  save_due_ = all.save;
  checkpoints_.Note(all);
  if (all.damage) {
    ShareDamaged();
  }
  return all.stop || report_.over_tolerance;
}

void Trainer::ShareDamaged() {
  for (const auto& [id, reason] : state_.damaged.Share(world_)) {
    if (world_.is_main()) {
      LogWarn(fmt::format("{} is damaged, other clips take the place of its: {}", id, reason));
    }
  }
  const auto num_videos = static_cast<double>(data_.num_training() + data_.num_validation());
  report_.over_tolerance =
      static_cast<double>(state_.damaged.size()) > options_.max_failed_fraction * num_videos;
}

void Trainer::FinishEpoch() {
  Position& position = state_.position;
  phases_.Enter(Phase::kOtherRanks);
  bad_steps_.EndIfFound();
  const ClipMeans training = state_.sums.Means(group_);
  const double lr = state_.schedule.Rate(position.epoch);
  learner_.KeepMainStatistics();
  ++position.epoch;
  position.step_in_epoch = 0;
  state_.sums = ClipSums(device_);
  const ClipMeans validation = ValidateIfDue();
  if (report_.over_tolerance) {
    return;
  }
  if (validation.num_clips > 0 && !std::isfinite(validation.loss)) {
    FailAlike(Diverged("the validation loss", position.epoch), world_, phases_);
  }
  checkpoints_.Await();  // first, because an epoch that could not be saved is not the best so far
  const bool is_best = checkpoints_.OfferBest(validation);
  if (state_.schedule.EndEpoch(validation.loss) && world_.is_main()) {
    LogInfo(fmt::format("validation loss has saturated: learning rate {:g} from here on",
                        state_.schedule.Rate(position.epoch)));
  }
  RecordEpoch(training, validation, lr);
  if (is_best || position.epoch % options_.checkpoint_epochs == 0 ||
      position.epoch == options_.epochs || save_due_) {
    Save();
  }
}

// Returns means of NaN over 0 clips if this epoch has no validation.
ClipMeans Trainer::ValidateIfDue() {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const int epoch = state_.position.epoch;
  const bool is_last = epoch == options_.epochs;
  const bool is_due = options_.validation.every > 0 && data_.num_validation() > 0 &&
                      (epoch % options_.validation.every == 0 || is_last);
  if (options_.precise_bn > 0 && (is_due || is_last)) {
    const int64_t num_steps = std::min<int64_t>(
        (options_.precise_bn + options_.batch - 1) / options_.batch, StepsInEpoch());
    int64_t num_batches = 0;
    for (int64_t step = 0; step < num_steps; ++step) {
      num_batches += data_.partition().NumMicroBatches(step);
    }
    RecomputeStatistics(learner_, feed_, epoch - 1, num_batches, group_, phases_);
  }
  if (!is_due) {
    return {kNone, kNone, kNone, 0};
  }
  const ClipMeans means = Validate(learner_, feed_, device_, group_, phases_);
  ShareDamaged();
  return means;
}

// Writes the epoch to the logs, and its line of metrics.jsonl to the position. Collective.
void Trainer::RecordEpoch(const ClipMeans& training, const ClipMeans& validation, double lr) {
  EpochSpeed speed{times_.epoch_clips(), {}, loader_threads_, cores_};
  phases_.Enter(Phase::kOtherRanks);
  for (const std::string& text : world_.Gather(ToJson(times_.epoch()).dump())) {
    speed.ranks.push_back(RankTimesFrom(nlohmann::ordered_json::parse(text)));
  }
  phases_.Enter(Phase::kSave);  // if writing the logs hangs, other ranks are not to blame
  state_.position.last_epoch = EpochLine(state_.position, lr, training, validation);
  if (views_) {
    views_->RecordEpoch(state_.position.last_epoch, validation, speed);
  }
  phases_.Enter(Phase::kOtherRanks);
}

void Trainer::Save() {
  checkpoints_.Await();
  phases_.Enter(Phase::kSave);
  bad_steps_.EndIfFound();
  checkpoints_.Save([this] { views_->Flush(); });
  if (start_log_) {
    start_log_->NoteSave(state_.position.step);
  }
}

}  // namespace reel3d
