// Private to the trainer: all that a run is made of. trainer_begin.cc sets it up, trainer.cc holds
// the loop, trainer_epoch_end.cc what follows an epoch's steps, trainer_checkpoints.cc what is
// saved and resumed, trainer_guard.cc when it stops and what becomes of bad steps, trainer_views.cc
// what is shown.
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

  // What is validated, and what others are to use.
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
  Watchdog watchdog;  // over all that follows, its beginning and end included
  const EpochData data;
  const int threads;
  const int loader_threads;
  const ProcessGroup group;
  ClipInput input;
  Network network;
  std::optional<Network> average;               // with --ema-decay: of the network's state
  std::optional<WeightAverage> weight_average;  // which moves it
  std::vector<at::Tensor> statistics;           // batch norm's running ones, in the network
  Schedule schedule;
  Position position;
  ClipSums sums;    // of the epoch begun
  ClipSums recent;  // since the curves' last point
  DamagedVideos damaged;
  const int64_t num_frozen;  // values; before the optimizer, which leaves them alone
  Optimizer optimizer;
  std::unique_ptr<DataParallel> parallel;
  std::optional<MetricsLog> metrics;          // on the main rank
  std::optional<MetricsLog> times;            // there, too: what hangs on the machine's speed
  std::optional<TensorBoardLog> tensorboard;  // there, too
  TrainReport report;

  bool stopping = false;  // agreed by all ranks
  bool save_due = false;  // the same
  bool save_failed = false;
  Stopwatch since_save;                    // of the main rank, or since it failed
  bool is_saving = false;                  // the same on every rank
  int64_t saving_step = 0;                 // whose checkpoint is being written
  std::optional<Position> before_best;     // while the best epoch so far is being written
  std::optional<int64_t> job_end_s;        // since 1970; on the main rank, for --stop-before-end
  std::vector<at::Tensor> buffers_before;  // the step, where it may be left out
  // double [4]: number (-1: none), loss, norms of gradient and batch norm's statistics of the first
  // bad step that has not been dealt with.
  at::Tensor bad_step;
  Batch batch;  // its memory is used again and again
  // Of the next epoch, where it has begun: behind an epoch's last step two rings of batches live.
  std::unique_ptr<BatchLoader> upcoming;
  Stopwatch clock;
  double training_s = 0, waiting_s = 0;
  double clips_trained = 0;
  bool validating = false;
  std::atomic<int64_t> last_video = -1;  // of the batch in hand
  PhaseSeconds epoch_phases{};           // of the last epoch's steps
  double epoch_clips = 0;                // of them
  double epoch_read_s = 0, epoch_decode_s = 0;
  VerdictNews verdict_news;
  PhaseSeconds shown_phases{};  // when the curves got their last point
  double shown_clips = 0;
  // Last, hence the first to be destroyed, which waits for it: what it uses is all above.
  std::future<void> saving;  // on the main rank
};

}  // namespace reel3d
