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

Error Diverged(const std::string& what, int epoch) {
  return {ErrorKind::kFailed,
          fmt::format("{} of epoch {} is no number any more: lower --lr; the last checkpoint is as "
                      "it was",
                      what, epoch)};
}

// The main rank decides which checkpoint, so that no two ranks differ; each reads it.
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
  const std::string source = (checkpoint / CheckpointFiles::kState).string();
  UseJson(source, [&] {
    if (options.schedule.kind == "cosine" && state.at("epochs") != options.epochs) {
      throw UsageError(fmt::format("--epochs {}: {} began a cosine schedule over {} epochs",
                                   options.epochs, chosen, state.at("epochs").dump()));
    }
    position.Restore(state, data.partition().NumSteps(), source);
    sums.Restore(state.at("sums"));
    recent.Restore(state.at("recent_sums"));
    schedule.Restore(state.at("schedule"));
    damaged.Restore(state.at("damaged"));
  });
  if (world.is_main()) {
    LinkCheckpoints(CheckpointFolder(), position.step, position.best_step);
  }
  LoadStateDict(*Judged(), LoadTensors(checkpoint / CheckpointFiles::kModel), chosen);
  if (average) {
    LoadStateDict(*network, LoadTensors(checkpoint / CheckpointFiles::kUnaveraged), chosen);
  }
  optimizer.Restore(LoadTensors(checkpoint / CheckpointFiles::kOptimizer));
  return true;
}

// By the main rank's clock, which the others need not agree with.
bool Trainer::State::SaveIsDue() const {
  constexpr double kTryAgain_s = 60;
  const double limit_s = save_failed ? kTryAgain_s : options.checkpoint_minutes * 60;
  return (options.checkpoint_steps > 0 && position.step % options.checkpoint_steps == 0) ||
         (world.is_main() && limit_s > 0 && since_save.Seconds() > limit_s);
}

// Collective: the figures of the epoch begun are gathered from all ranks. A disk that is full must
// not cost what has been learnt: the run goes on, and saves when it can, at its end at the latest.
void Trainer::State::Save() {
  At(Phase::kSave);
  const nlohmann::ordered_json sums_state = sums.State(group);
  const nlohmann::ordered_json recent_state = recent.State(group);
  const bool failed = world.is_main() && !SaveOnMain(sums_state, recent_state);
  At(Phase::kOtherRanks);
  save_failed = world.Or(failed ? 1 : 0) != 0;
  since_save = Stopwatch();
}

// False if the disk refused, which is said.
bool Trainer::State::SaveOnMain(const nlohmann::ordered_json& sums_state,
                                const nlohmann::ordered_json& recent_state) {
  CheckpointContents contents;
  contents.model = StateDict(*Judged());
  for (const auto& [name, tensor] : contents.model) {
    if (tensor.is_floating_point() && !tensor.isfinite().all().item<bool>()) {
      throw Diverged(name, position.epoch + (position.step_in_epoch > 0 ? 1 : 0));
    }
  }
  if (average) {
    contents.unaveraged = StateDict(*network);
  }
  contents.optimizer = optimizer.State();
  contents.state = position.State();
  contents.state.update({{"epochs", options.epochs},
                         {"sums", sums_state},
                         {"recent_sums", recent_state},
                         {"schedule", schedule.State()},
                         {"damaged", damaged.State()},
                         {"data", fmt::format("{:08x}", shards.fingerprint())},
                         {"classes", shards.classes()},
                         {"config", config}});
  try {
    Write(contents);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kEnvironment || stopping || position.epoch == options.epochs) {
      throw;
    }
    LogWarn(fmt::format("no checkpoint of step {}: {}; training goes on and tries again soon",
                        position.step, error.what()));
    return false;
  }
  return true;
}

void Trainer::State::Write(const CheckpointContents& contents) {
  // First: a checkpoint whose step the logs do not reach would leave a gap in them.
  metrics->Flush();
  if (tensorboard) {
    tensorboard->Flush();
  }
  WriteCheckpoint(CheckpointFolder(), position.step, contents);
  LinkCheckpoints(CheckpointFolder(), position.step, position.best_step);
  PruneCheckpoints(CheckpointFolder(), options.keep_last,
                   options.keep_every * data.partition().NumSteps());
}

}  // namespace reel3d
