// Saves a run and resumes it: collects the contents of a checkpoint, lets a thread write them while
// training continues, and makes all ranks agree on what is on disk. Every method is collective,
// except those marked as not collective.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "lib/base/held_folder.h"
#include "lib/data/passport.h"
#include "lib/dist/process_group.h"
#include "lib/dist/world.h"
#include "lib/shard/shard_set.h"
#include "lib/train/checkpoint/best_epoch.h"
#include "lib/train/checkpoint/checkpoint_saver.h"
#include "lib/train/checkpoint/run_state.h"
#include "lib/train/loop/learner.h"
#include "lib/train/loop/step_vote.h"
#include "lib/train/train_options.h"
#include "lib/train/watch/phase_clock.h"

namespace reel3d {

class RunCheckpoints {
 public:
  // `config` is recorded in checkpoints. An epoch has `steps_in_epoch` steps. All references must
  // outlive this object.
  RunCheckpoints(const TrainOptions& options, std::string config, int64_t steps_in_epoch,
                 const World& world, const ProcessGroup& group, const ShardSet& shards,
                 RunState& state, Learner& learner, PhaseClock& phases);

  // Restores state and learner from the run's newest complete checkpoint. Returns false if there is
  // none. Throws an input error if the checkpoint does not fit or is of other data.
  bool Resume();

  // Saves a checkpoint. Call Await() first, so that the previous one is complete. Returns when
  // everything has been copied. A thread of the main rank then runs `flush_logs` and writes the
  // copy to disk. Throws the failure of a run that has diverged, and an environment error if the
  // run's folder is gone. If only the checkpoints in it are gone, it logs a warning and saves this
  // one.
  void Save(std::function<void()> flush_logs);
  // Waits until nothing is being written. With `is_last`, an error of the disk ends the run.
  void Await(bool is_last = false);

  // Adds to this rank's vote whether a checkpoint is due, and the outcome of the checkpoint that
  // was being written. Not collective.
  void Vote(StepVote& own);
  // Notes the outcome on which all ranks have agreed.
  void Note(const StepVote& all);

  // Returns true if this epoch's validation is the best so far. The caller then saves a checkpoint.
  bool OfferBest(const ClipMeans& validation) { return best_.Offer(validation, state_.position); }

  // Loads weights and momentum of the checkpoint at RollBackStep(). Returns false if there is none:
  // before the first --checkpoint-epochs checkpoint, or if the disk was full.
  bool RollBack();
  int64_t RollBackStep() const;

  // Returns true if this rank is still writing after `grace`. Not collective.
  bool IsStuck(std::chrono::milliseconds grace) const { return saver_.IsStuck(grace); }

 private:
  CheckpointContents Contents(nlohmann::ordered_json state) const;
  void End(bool refused);

  const TrainOptions& options_;
  const std::string config_;
  const int64_t steps_in_epoch_;
  const World& world_;
  const ProcessGroup& group_;
  const ShardSet& shards_;
  RunState& state_;
  Learner& learner_;
  PhaseClock& phases_;
  std::optional<Passport> passport_;  // of the shards; only on the main rank
  const HeldFolder run_folder_;
  bool has_saved_ = false;  // a checkpoint of this run has been on disk
  BestEpoch best_;
  // The last member is destroyed first: its destructor waits for the writing.
  CheckpointSaver saver_;
};

// Returns <run_dir>/checkpoints.
std::filesystem::path CheckpointFolder(const TrainOptions& options);

// Throws a usage error if a run with the checkpoint's `state` cannot continue with `options`: if
// they change the length of a cosine schedule, or --checkpoint-epochs with --on-bad-step roll-back.
void RequireSameCourse(const nlohmann::ordered_json& state, const TrainOptions& options);

}  // namespace reel3d
