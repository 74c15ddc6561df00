// Private to the trainer: all that a run is made of. trainer.cc holds the loop, and
// trainer_checkpoints.cc what is saved and resumed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "lib/base/error.h"
#include "lib/base/timer.h"
#include "lib/dist/data_parallel.h"
#include "lib/dist/process_group.h"
#include "lib/train/clip_sums.h"
#include "lib/train/damaged_videos.h"
#include "lib/train/epoch_data.h"
#include "lib/train/metrics_log.h"
#include "lib/train/optimizer.h"
#include "lib/train/position.h"
#include "lib/train/trainer.h"

namespace reel3d {

// What the network makes of a batch of this rank's clips.
struct ClipOutputs {
  at::Tensor logits;  // (N, classes)
  at::Tensor labels;  // int64 (N)
  at::Tensor losses;  // cross entropy (N)
};

Error Diverged(const std::string& what, int epoch);

// Destroyed from the last to the first: gradients before their group, the group before the world.
struct Trainer::State {
  State(const TrainOptions& options, std::string config, const World& world, const ShardSet& shards,
        at::Device device);

  void BeginFineTuning(bool resumed);
  bool RunEpoch();
  bool NextBatch(BatchLoader& loader);
  ClipOutputs Forward();
  void RunStep(BatchLoader& loader, int64_t step_in_epoch);
  ClipMeans Validate();
  void FinishEpoch();
  void Record(const ClipMeans& training, const ClipMeans& validation, double lr);
  void Save();
  bool Resume();
  void Say(const std::string& message) const;
  bool MustStop();
  void ShareDamaged();
  std::filesystem::path CheckpointFolder() const {
    return std::filesystem::path(options.run_dir) / "checkpoints";
  }

  const TrainOptions options;
  const std::string config;
  const World& world;
  const ShardSet& shards;
  const at::Device device;
  const EpochData data;
  const int threads;
  const int loader_threads;
  const ProcessGroup group;
  R3d network;
  Schedule schedule;
  Position position;
  ClipSums sums;  // of the epoch begun
  DamagedVideos damaged;
  const int64_t num_frozen;  // values; before the optimizer, which leaves them alone
  Optimizer optimizer;
  std::unique_ptr<DataParallel> parallel;
  std::optional<MetricsLog> metrics;  // on the main rank
  TrainReport report;

  bool stopping = false;  // agreed by all ranks
  Batch batch;            // its memory is used again and again
  Stopwatch clock;
  double training_s = 0, waiting_s = 0;
  double clips_trained = 0;
};

}  // namespace reel3d
