// The training run: epochs of steps, validation, checkpoints, metrics. Every method is collective.
// Knows nothing of command lines; ranks, loader and gradients come from below.
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
  int64_t steps = 0;  // of the whole run, earlier parts included
  int epochs = 0;     // finished
  int ranks = 1;
  int64_t num_training = 0, num_validation = 0;  // videos
  // The last line of metrics.jsonl, of this part of the run or an earlier one: loss and accuracy of
  // the last epoch's clips, and of validation clips where it was validated. Null before any.
  nlohmann::ordered_json last_epoch;
  double best_top1 = -1;  // clips of validation videos; what `best` was chosen by; -1: none
  double clips_per_s =
      0;  // of this part of the run, over all ranks, validations and saves left out
  double waiting_share = 0;  // of that time, the slowest rank's wait for data
  DamagedVideos::Reasons damaged;
  bool over_tolerance = false;  // too many of them: ended without a new checkpoint
  bool stopped_early = false;
  int64_t num_bad = 0;  // steps that were left out (--on-bad-step), of the whole run
};

// Throws a usage error if the run of this checkpoint's state cannot go on with `options`, which
// name another end of a cosine schedule, or other checkpoints than those that a bad step goes back
// to.
void RequireSameCourse(const nlohmann::ordered_json& state, const TrainOptions& options);

class Trainer {
 public:
  // Builds the network; goes on from the newest checkpoint in options.run_dir, if there is one.
  // `config` is what the checkpoints record: the settings as `key = value` lines. `shards` and
  // `world` must outlive this. Throws input errors (videos without labels, a checkpoint that does
  // not fit) and usage errors (a schedule that waits for a validation that never comes).
  Trainer(const TrainOptions& options, std::string config, const World& world,
          const ShardSet& shards, c10::Device device);
  ~Trainer();

  // Trains to the end (or to --stop-after-steps). The newest checkpoint holds all of it.
  TrainReport Run();

 private:
  TrainReport RunToEnd();

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reel3d
