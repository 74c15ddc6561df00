// The training run: epochs of steps, validation, checkpoints, metrics. Every method is collective.
// It knows nothing of command lines and uses ranks, loader and gradients from the layers below.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "lib/dist/world.h"
#include "lib/shard/shard_set.h"
#include "lib/train/damaged_videos.h"
#include "lib/train/train_options.h"

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
  double best_top1 = -1;     // of validation clips, the measure of `best`; -1: none
  double clips_per_s = 0;    // this part, all ranks, no validation or saving
  double waiting_share = 0;  // share of that time in which the slowest rank waited for data
  DamagedVideos::Reasons damaged;
  bool over_tolerance = false;  // too many damaged videos: ended without a new checkpoint
  bool stopped_early = false;
  int64_t num_bad = 0;  // bad steps that were skipped (--on-bad-step), in the complete run
};

// Throws a usage error if the run of this checkpoint's state cannot continue with `options`: if
// they change the length of a cosine schedule, or --checkpoint-epochs with --on-bad-step roll-back.
void RequireSameCourse(const nlohmann::ordered_json& state, const TrainOptions& options);

class Trainer {
 public:
  // Builds the network and resumes from the newest checkpoint in options.run_dir, if there is one.
  // `config` is recorded in checkpoints: the settings as `key = value` lines. `shards` and `world`
  // must outlive this object. Throws input errors (videos without labels, a checkpoint that does
  // not fit) and usage errors (a schedule that needs validation videos, and there are none).
  Trainer(const TrainOptions& options, std::string config, const World& world,
          const ShardSet& shards, c10::Device device);
  ~Trainer();

  // Trains to the end, or until the run is told to stop; the newest checkpoint then holds all of
  // it.
  TrainReport Run();

 private:
  TrainReport RunToEnd();

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reel3d
