// Runs the training: epochs of steps, validation, checkpoints, metrics. Every method is collective.
// Command lines are read elsewhere. Ranks, loader and gradients come from the layers below.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/dist/process_group.h"
#include "lib/dist/world.h"
#include "lib/shard/shard_copier.h"
#include "lib/shard/shard_set.h"
#include "lib/train/checkpoint/run_checkpoints.h"
#include "lib/train/checkpoint/run_state.h"
#include "lib/train/log/run_views.h"
#include "lib/train/log/start_log.h"
#include "lib/train/loop/bad_steps.h"
#include "lib/train/loop/clip_feed.h"
#include "lib/train/loop/clip_outputs.h"
#include "lib/train/loop/clip_sums.h"
#include "lib/train/loop/damaged_videos.h"
#include "lib/train/loop/epoch_data.h"
#include "lib/train/loop/learner.h"
#include "lib/train/loop/step_times.h"
#include "lib/train/loop/stop_wish.h"
#include "lib/train/train_options.h"
#include "lib/train/watch/phase_clock.h"
#include "lib/train/watch/watchdog.h"

namespace reel3d {

struct TrainReport {
  int64_t steps = 0;  // of the complete run, including earlier parts
  int epochs = 0;     // finished
  int ranks = 1;
  int64_t num_training = 0, num_validation = 0;  // videos
  // The last line of metrics.jsonl, from this part of the run or an earlier one: loss and accuracy
  // of the last epoch's clips, and of validation clips if that epoch was validated. Null before the
  // first epoch ends.
  nlohmann::ordered_json last_epoch;
  double best_top1 = -1;   // accuracy of `best` on validation clips; -1: none
  double clips_per_s = 0;  // in this part of the run, over all ranks, without validation and saving
  double waiting_share = 0;  // share of that time in which the slowest rank waited for data
  DamagedVideos::Reasons damaged;
  bool over_tolerance = false;  // too many damaged videos: ended without a new checkpoint
  bool stopped_early = false;
  int64_t num_bad = 0;  // bad steps that were skipped (--on-bad-step), in the complete run
};

// Defines the order of the work. The members make the decisions and hold the state of the run; the
// header of each member describes its part.
class Trainer {
 public:
  // Builds the network and resumes from the newest checkpoint in options.run_dir, if there is one.
  // `config` is recorded in checkpoints: the settings as `key = value` lines. `shards` and `world`
  // must outlive this object. Throws input errors (videos without labels, a checkpoint that does
  // not fit) and usage errors (no validation videos, although the schedule needs them).
  Trainer(const TrainOptions& options, std::string config, const World& world,
          const ShardSet& shards, at::Device device);

  // Trains to the end, or until a request to stop. In both cases the newest checkpoint contains all
  // of the training.
  TrainReport Run();

 private:
  TrainReport RunEpochs();
  bool RunEpoch();
  void RunStep(int64_t step_in_epoch);
  ClipOutputs TrainOnBatch(int64_t part, int64_t num_parts, double clips_in_step);
  void TakeStep(const std::vector<ClipOutputs>& parts, double lr);
  void AddPoint(const at::Tensor& gradient_norm, double lr);
  bool AgreeToStop();
  void ShareDamaged();
  void FinishEpoch();
  ClipMeans ValidateIfDue();
  void RecordEpoch(const ClipMeans& training, const ClipMeans& validation, double lr);
  void Save();

  int64_t StepsInEpoch() const { return data_.partition().NumSteps(); }

  // Members are destroyed from the last to the first: gradients before their group, the group
  // before the world.
  const TrainOptions options_;
  const World& world_;
  const ShardSet& shards_;
  const at::Device device_;
  PhaseClock phases_;
  Watchdog watchdog_;  // before all members below, so that it also watches their start and end
  const std::unique_ptr<StartLog> start_log_;  // only on the main rank
  StepTimes times_;
  const EpochData data_;
  const int cores_, threads_, loader_threads_;  // of this rank
  const ProcessGroup group_;
  RunState state_;
  ClipFeed feed_;
  Learner learner_;
  const StopWish stop_wish_;
  std::optional<RunViews> views_;  // only on the main rank
  RunCheckpoints checkpoints_;     // its destructor waits for writing, which uses the views
  BadSteps bad_steps_;
  TrainReport report_;
  bool save_due_ = false;                // agreed by all ranks
  std::unique_ptr<ShardCopier> copier_;  // at most on one rank of each host
};

}  // namespace reel3d
