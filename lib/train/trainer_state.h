// Private to the trainer: all state of a run. trainer_begin.cc sets it up and trainer.cc holds the
// loop. trainer_epoch_end.cc holds the work after an epoch's steps, trainer_checkpoints.cc saving
// and resuming. trainer_guard.cc decides when to stop and handles bad steps, and trainer_views.cc
// shows the run.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/timer.h"
#include "lib/dist/data_parallel.h"
#include "lib/dist/process_group.h"
#include "lib/train/checkpoint.h"
#include "lib/train/clip_input.h"
#include "lib/train/clip_sums.h"
#include "lib/train/damaged_videos.h"
#include "lib/train/epoch_data.h"
#include "lib/train/epoch_times.h"
#include "lib/train/metrics_log.h"
#include "lib/train/optimizer.h"
#include "lib/train/phase_clock.h"
#include "lib/train/position.h"
#include "lib/train/tensorboard_log.h"
#include "lib/train/trainer.h"
#include "lib/train/watchdog.h"
#include "lib/train/weight_average.h"

namespace reel3d {

// The network's results for a batch of this rank's clips.
struct ClipOutputs {
  at::Tensor logits;  // (N, classes)
  at::Tensor labels;  // int64 (N)
  at::Tensor losses;  // cross entropy (N)
};

Error Diverged(const std::string& what, int epoch);

// Members are destroyed from the last to the first: gradients before their group, the group before
// the world.
struct Trainer::State {
  State(const TrainOptions& options, std::string config, const World& world, const ShardSet& shards,
        at::Device device);

  // Returns the network that is validated and published: the average if there is one.
  Network& Judged() { return average ? *average : network; }
  void BeginFineTuning(bool resumed);
  bool RunEpoch();
  std::unique_ptr<BatchLoader> TakeLoader();
  void BeginNextEpoch();
  bool NextBatch(BatchLoader& loader);
  ClipOutputs Forward(Network& judge, double label_smoothing);
  void RunStep(BatchLoader& loader, int64_t step_in_epoch);
  void TakeStep(const std::vector<ClipOutputs>& parts, double lr);
  void KeepMainStatistics();
  void TakeStatistics();
  ClipMeans Validate();
  void FinishEpoch();
  void OpenViews(bool resumed);
  void At(Phase phase);
  std::string InHand(const BatchLoader& loader) const;
  void ShowClips(const at::Tensor& pixels);
  void ShowStep(const at::Tensor& gradient_norm, double lr);
  void ShowTimes();
  void Record(const ClipMeans& training, const ClipMeans& validation, double lr);
  void Save();
  CheckpointContents Copy(const nlohmann::ordered_json& sums_state,
                          const nlohmann::ordered_json& recent_state);
  void Write(const CheckpointContents& contents, int64_t step, int64_t best_step);
  bool IsSaved(bool is_last);
  void EndSave(bool failed);
  void AwaitSave(bool is_last = false);
  bool SaveIsDue() const;
  void LoadWeights(const std::filesystem::path& checkpoint);
  bool Resume();
  int64_t RollBackStep() const;
  bool RollBack();
  void BeginGuard();
  bool IsGoodStep(const std::vector<ClipOutputs>& parts, const at::Tensor& gradient_norm,
                  double num_clips);
  void LeaveOut();
  void EndAtBadStep();
  [[noreturn]] void FailAlike(const Error& error);
  std::string DescribeBadStep() const;
  void FindEndOfJob();
  bool JobEnds() const;
  void Say(const std::string& message) const;
  bool WantsToStop(int64_t step) const;
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
  PhaseClock phases;
  Watchdog watchdog;  // before all members below, so that it also watches their start and end
  const EpochData data;
  const int threads;
  const int loader_threads;
  const ProcessGroup group;
  ClipInput input;
  Network network;
  std::optional<Network> average;  // the average of the network's state, with --ema-decay
  std::optional<WeightAverage> weight_average;  // updates `average`
  std::vector<at::Tensor> statistics;           // batch norm's running statistics in the network
  Schedule schedule;
  Position position;
  ClipSums sums;    // sums of the current epoch
  ClipSums recent;  // sums since the last point of the curves
  DamagedVideos damaged;
  const int64_t num_frozen;  // number of values; set before the optimizer, which skips them
  Optimizer optimizer;
  std::unique_ptr<DataParallel> parallel;
  std::optional<MetricsLog> metrics;  // only on the main rank
  std::optional<MetricsLog> times;    // only on the main rank; what depends on the machine's speed
  std::optional<TensorBoardLog> tensorboard;  // only on the main rank
  TrainReport report;

  bool stopping = false;  // agreed by all ranks
  bool save_due = false;  // agreed by all ranks
  bool save_failed = false;
  Stopwatch since_save;     // by the main rank's clock; also restarted when a save fails
  bool is_saving = false;   // the same on every rank
  int64_t saving_step = 0;  // step of the checkpoint being written
  std::optional<Position> before_best;  // set while the best epoch so far is being written
  std::optional<int64_t> job_end_s;  // seconds since 1970; on the main rank, for --stop-before-end
  std::vector<at::Tensor> buffers_before;  // copies from before the step, if bad steps are undone
  // double [4], the first bad step that has not been handled: its number (-1: none), its loss, and
  // the norms of its gradient and of batch norm's statistics.
  at::Tensor bad_step;
  Batch batch;  // its memory is reused
  // The loader of the next epoch, once started; between two epochs two rings of batches exist.
  std::unique_ptr<BatchLoader> upcoming;
  Stopwatch clock;
  double training_s = 0, waiting_s = 0;
  double clips_trained = 0;
  bool validating = false;
  std::atomic<int64_t> last_video = -1;  // the last clip's video in the current batch
  PhaseSeconds epoch_phases{};           // times of the last epoch's steps
  double epoch_clips = 0;                // clips of these steps
  double epoch_read_s = 0, epoch_decode_s = 0;
  VerdictNews verdict_news;
  PhaseSeconds shown_phases{};  // at the last point of the curves
  double shown_clips = 0;
  // This is the last member, so it is destroyed first. Its destructor waits for the writing, which
  // uses the members above.
  std::future<void> saving;  // only on the main rank
};

}  // namespace reel3d
