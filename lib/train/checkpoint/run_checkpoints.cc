// SPDX-License-Identifier: Apache-2.0
#include "lib/train/checkpoint/run_checkpoints.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/train/checkpoint/checkpoint.h"
#include "lib/train/checkpoint/checkpoint_folder.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Returns the checkpoint that the main rank chooses, so that all ranks resume from the same one.
// The main rank also removes temporary files of killed processes.
std::optional<fs::path> AgreeOnCheckpoint(const fs::path& folder, const World& world) {
  std::string chosen;
  if (world.is_main()) {
    RemoveStaleTemporaries(folder);
    chosen = FindLatestCheckpoint(folder).value_or(fs::path()).string();
  }
  chosen = world.Broadcast(chosen);
  return chosen.empty() ? std::nullopt : std::optional<fs::path>(chosen);
}

}  // namespace

fs::path CheckpointFolder(const TrainOptions& options) {
  return fs::path(options.run_dir) / "checkpoints";
}

void RequireSameCourse(const nlohmann::ordered_json& state, const TrainOptions& options) {
  UseJson(options.run_dir, [&] {
    if (options.schedule.kind == ScheduleKind::kCosine && state.at("epochs") != options.epochs) {
      throw UsageError(fmt::format("--epochs {}: {} began a cosine schedule over {} epochs",
                                   options.epochs, options.run_dir, state.at("epochs").dump()));
    }
    if (options.bad_step.action == BadStepAction::kRollBack &&
        state.contains("checkpoint_epochs") &&
        state.at("checkpoint_epochs") != options.checkpoint_epochs) {
      throw UsageError(fmt::format(
          "--checkpoint-epochs {}: {} began with {}, and --on-bad-step roll-back goes by it",
          options.checkpoint_epochs, options.run_dir, state.at("checkpoint_epochs").dump()));
    }
  });
}

RunCheckpoints::RunCheckpoints(const TrainOptions& options, std::string config,
                               int64_t steps_in_epoch, const World& world,
                               const ProcessGroup& group, const ShardSet& shards, RunState& state,
                               Learner& learner, PhaseClock& phases)
    : options_(options),
      config_(std::move(config)),
      steps_in_epoch_(steps_in_epoch),
      world_(world),
      group_(group),
      shards_(shards),
      state_(state),
      learner_(learner),
      phases_(phases),
      run_folder_(options.run_dir),
      saver_({options.checkpoint_steps, options.checkpoint_minutes * 60}) {
  if (world.is_main()) {
    passport_ = PassportOrWarning([&] { return ReadShardsPassport(shards.folder()); });
  }
}

bool RunCheckpoints::Resume() {
  const fs::path folder = CheckpointFolder(options_);
  const std::optional<fs::path> checkpoint = AgreeOnCheckpoint(folder, world_);
  if (!checkpoint) {
    return false;
  }
  const nlohmann::ordered_json state = ReadCheckpointState(*checkpoint);
  RequireSameData(state, shards_.fingerprint(), options_.run_dir, options_.shards_dir);
  RequireSameCourse(state, options_);
  state_.Restore(state, steps_in_epoch_, (*checkpoint / CheckpointFiles::kState).string());
  if (world_.is_main()) {
    // The file may be lost while the shards are still the same.
    passport_ =
        passport_ ? passport_ : PassportOrWarning([&] { return PassportOfTraining(*checkpoint); });
    LinkCheckpoints(folder, state_.position.step, state_.position.best_step);
  }
  learner_.LoadCheckpoint(*checkpoint);
  has_saved_ = true;
  return true;
}

void RunCheckpoints::Save(std::function<void()> flush_logs) {
  phases_.Enter(Phase::kOtherRanks);  // the ranks add up their sums
  nlohmann::ordered_json state = state_.State(group_);
  phases_.Enter(Phase::kSave);
  const int64_t step = state_.position.step;
  if (!world_.is_main()) {
    saver_.Begin(step);
    return;
  }
  run_folder_.RequireThere();
  KeepRules keep{options_.keep_last, options_.keep_every * steps_in_epoch_};
  if (options_.bad_step.action == BadStepAction::kRollBack) {
    keep.one_more = RollBackStep();
  }
  // The thread shares no data with the training.
  saver_.Begin(step, [contents = Contents(std::move(state)), flush = std::move(flush_logs),
                      folder = CheckpointFolder(options_), step,
                      best_step = state_.position.best_step, keep, is_first = !has_saved_] {
    flush();
    if (MakeOneFolder(folder) && !is_first) {
      LogWarn(fmt::format(
          "{} was removed while training went on: it is made again with the state of step {}, but "
          "the checkpoints in it are lost, the best one too",
          folder.string(), step));
    }
    PublishCheckpoint(folder, step, best_step, contents, keep);
  });
}

CheckpointContents RunCheckpoints::Contents(nlohmann::ordered_json state) const {
  const Position& position = state_.position;
  CheckpointContents contents =
      learner_.Copy(position.epoch + (position.step_in_epoch > 0 ? 1 : 0));
  contents.state = std::move(state);
  contents.state.update({{"epochs", options_.epochs},
                         {"checkpoint_epochs", options_.checkpoint_epochs},
                         {"data", fmt::format("{:08x}", shards_.fingerprint())},
                         {"classes", shards_.classes()},
                         {"config", config_}});
  if (passport_) {
    contents.state["passport"] = PassportToJson(*passport_);
  }
  return contents;
}

void RunCheckpoints::Await(bool is_last) {
  if (!saver_.is_saving()) {
    return;
  }
  phases_.Enter(Phase::kSave);
  const bool refused = saver_.Await(is_last) == SaveOutcome::kRefused;
  phases_.Enter(Phase::kOtherRanks);
  End(world_.Any(refused));
}

void RunCheckpoints::Vote(StepVote& own) {
  own.save = world_.is_main() && saver_.IsDue(state_.position.step);
  const SaveOutcome outcome = saver_.Poll();
  own.saved = outcome == SaveOutcome::kSaved;
  own.unsaved = outcome == SaveOutcome::kRefused;
}

void RunCheckpoints::Note(const StepVote& all) {
  if (all.saved || all.unsaved) {
    End(all.unsaved);
  }
}

void RunCheckpoints::End(bool refused) {
  saver_.End(refused);
  has_saved_ = has_saved_ || !refused;
  if (!refused) {
    best_.Keep();
  } else if (best_.Drop(state_.position) && world_.is_main()) {
    LogInfo(fmt::format("step {} was the best, and could not be saved as such", saver_.step()));
  }
}

int64_t RunCheckpoints::RollBackStep() const {
  return state_.position.RollBackStep(options_.checkpoint_epochs, steps_in_epoch_);
}

bool RunCheckpoints::RollBack() {
  Await();
  const fs::path checkpoint = CheckpointFolder(options_) / CheckpointName(RollBackStep());
  phases_.Enter(Phase::kOtherRanks);
  const bool is_there =
      world_.Any(world_.is_main() && fs::exists(checkpoint / CheckpointFiles::kDone));
  phases_.Enter(Phase::kUpdate);
  if (is_there) {
    VerifyCheckpoint(checkpoint);
    learner_.LoadCheckpoint(checkpoint);
  }
  return is_there;
}

}  // namespace reel3d
