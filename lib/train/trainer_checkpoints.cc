// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/model/weights.h"
#include "lib/train/checkpoint.h"
#include "lib/train/checkpoint_folder.h"
#include "lib/train/trainer_state.h"

namespace reel3d {
namespace fs = std::filesystem;

namespace {

// Returns contiguous copies on the CPU, in memory of their own.
NamedTensors Copies(const NamedTensors& tensors) {
  NamedTensors copies;
  for (const auto& [name, tensor] : tensors) {
    copies.emplace_back(
        name, tensor.detach().to(tensor.options().device(at::kCPU), /*non_blocking=*/false,
                                 /*copy=*/true, at::MemoryFormat::Contiguous));
  }
  return copies;
}

}  // namespace

Error Diverged(const std::string& what, int epoch) {
  return {ErrorKind::kFailed,
          fmt::format("{} of epoch {} is no number any more: lower --lr; the last checkpoint is as "
                      "it was",
                      what, epoch)};
}

void RequireSameCourse(const nlohmann::ordered_json& state, const TrainOptions& options) {
  UseJson(options.run_dir, [&] {
    if (options.schedule.kind == "cosine" && state.at("epochs") != options.epochs) {
      throw UsageError(fmt::format("--epochs {}: {} began a cosine schedule over {} epochs",
                                   options.epochs, options.run_dir, state.at("epochs").dump()));
    }
    if (options.bad_step.action == "roll-back" &&
        state.value("checkpoint_epochs", options.checkpoint_epochs) != options.checkpoint_epochs) {
      throw UsageError(fmt::format(
          "--checkpoint-epochs {}: {} began with {}, and --on-bad-step roll-back goes by it",
          options.checkpoint_epochs, options.run_dir, state.at("checkpoint_epochs").dump()));
    }
  });
}

// The main rank chooses the checkpoint, so that all ranks have the same; each rank reads it.
bool Trainer::State::Resume() {
  std::string chosen;
  if (world.is_main()) {
    RemoveStaleTemporaries(CheckpointFolder());
    chosen = FindLatestCheckpoint(CheckpointFolder()).value_or(fs::path()).string();
  }
  chosen = world.Broadcast(chosen);
  if (chosen.empty()) {
    return false;
  }
  const fs::path checkpoint = chosen;
  const nlohmann::ordered_json state = ReadCheckpointState(checkpoint);
  RequireSameData(state, shards.fingerprint(), options.run_dir, options.shards_dir);
  RequireSameCourse(state, options);
  const std::string source = (checkpoint / CheckpointFiles::kState).string();
  UseJson(source, [&] {
    position.Restore(state, data.partition().NumSteps(), source);
    sums.Restore(state.at("sums"));
    recent.Restore(state.at("recent_sums"));
    schedule.Restore(state.at("schedule"));
    damaged.Restore(state.at("damaged"));
  });
  if (world.is_main()) {
    LinkCheckpoints(CheckpointFolder(), position.step, position.best_step);
  }
  LoadWeights(checkpoint);
  return true;
}

void Trainer::State::LoadWeights(const fs::path& checkpoint) {
  const std::string source = checkpoint.string();
  LoadStateDict(*Judged(), LoadTensors(checkpoint / CheckpointFiles::kModel), source);
  if (average) {
    LoadStateDict(*network, LoadTensors(checkpoint / CheckpointFiles::kUnaveraged), source);
  }
  optimizer.Restore(LoadTensors(checkpoint / CheckpointFiles::kOptimizer));
}

// Decides by the main rank's clock, because the ranks' clocks need not agree.
bool Trainer::State::SaveIsDue() const {
  constexpr double kTryAgain_s = 60;
  const double limit_s = save_failed ? kTryAgain_s : options.checkpoint_minutes * 60;
  return (options.checkpoint_steps > 0 && position.step % options.checkpoint_steps == 0) ||
         (world.is_main() && limit_s > 0 && since_save.Seconds() > limit_s);
}

// Saves a checkpoint. Collective: it gathers the current epoch's figures from all ranks. It returns
// when the state has been copied, and a thread writes the copy to disk. A full disk must not cost
// the training so far: the run continues and saves again when it can, at the latest at its end.
void Trainer::State::Save() {
  AwaitSave();
  At(Phase::kSave);
  EndAtBadStep();
  const nlohmann::ordered_json sums_state = sums.State(group);
  const nlohmann::ordered_json recent_state = recent.State(group);
  if (world.is_main()) {
    saving = std::async(std::launch::async,
                        [this, contents = Copy(sums_state, recent_state), step = position.step,
                         best_step = position.best_step] { Write(contents, step, best_step); });
  }
  is_saving = true;
  saving_step = position.step;
  since_save = Stopwatch();
}

// Copies what a checkpoint holds, so that it shares no memory with the training. Main rank only.
CheckpointContents Trainer::State::Copy(const nlohmann::ordered_json& sums_state,
                                        const nlohmann::ordered_json& recent_state) {
  CheckpointContents contents;
  contents.model = Copies(StateDict(*Judged()));
  // Momentum needs no check: if it is not finite, the weights that it moved are not finite either.
  for (const auto& [name, tensor] : contents.model) {
    if (tensor.is_floating_point() && !tensor.isfinite().all().item<bool>()) {
      throw Diverged(name, position.epoch + (position.step_in_epoch > 0 ? 1 : 0));
    }
  }
  if (average) {
    contents.unaveraged = Copies(StateDict(*network));
  }
  contents.optimizer = Copies(optimizer.State());
  contents.state = position.State();
  contents.state.update({{"epochs", options.epochs},
                         {"checkpoint_epochs", options.checkpoint_epochs},
                         {"sums", sums_state},
                         {"recent_sums", recent_state},
                         {"schedule", schedule.State()},
                         {"damaged", damaged.State()},
                         {"data", fmt::format("{:08x}", shards.fingerprint())},
                         {"classes", shards.classes()},
                         {"config", config}});
  return contents;
}

// Writes a checkpoint in a thread of its own. It may use only the logs, which are thread-safe, and
// members that never change.
void Trainer::State::Write(const CheckpointContents& contents, int64_t step, int64_t best_step) {
  // The logs are flushed first, since a checkpoint at a step that they have not reached would leave
  // a gap in them.
  metrics->Flush();
  times->Flush();
  if (tensorboard) {
    tensorboard->Flush();
  }
  WriteCheckpoint(CheckpointFolder(), step, contents);
  LinkCheckpoints(CheckpointFolder(), step, best_step);
  const int64_t steps_in_epoch = data.partition().NumSteps();
  const int64_t epoch_step = step - step % (steps_in_epoch * options.checkpoint_epochs);
  PruneCheckpoints(CheckpointFolder(), options.keep_last, options.keep_every * steps_in_epoch,
                   options.bad_step.action == "roll-back" ? epoch_step : -1);
}

// Waits for the thread that writes. Returns false after a warning if the disk refused. Main rank
// only.
bool Trainer::State::IsSaved(bool is_last) {
  try {
    saving.get();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kEnvironment || is_last) {
      throw;
    }
    LogWarn(fmt::format("no checkpoint of step {}: {}; training goes on and tries again soon",
                        saving_step, error.what()));
    return false;
  }
  return true;
}

// Notes the result of a save. Called on every rank, when all ranks know the result.
void Trainer::State::EndSave(bool failed) {
  is_saving = false;
  save_failed = failed;
  if (failed) {
    since_save = Stopwatch();
  }
  if (failed && before_best) {
    // `best` names a checkpoint that exists, so a later epoch only has to be better than that one.
    position.best_top1 = before_best->best_top1;
    position.best_loss = before_best->best_loss;
    position.best_step = before_best->best_step;
    Say(fmt::format("step {} was the best, and could not be saved as such", saving_step));
  }
  before_best.reset();
}

// Waits until nothing is being written. Collective. With `is_last` nothing will be written later,
// so a disk that refuses ends the run.
void Trainer::State::AwaitSave(bool is_last) {
  if (!is_saving) {
    return;
  }
  At(Phase::kSave);
  const bool failed = world.is_main() && !IsSaved(is_last);
  At(Phase::kOtherRanks);
  EndSave(world.Any(failed));
}

}  // namespace reel3d
