// Shows a run on the main rank: lines of the log, metrics.jsonl, times.jsonl and TensorBoard's
// curves. Nothing here changes what the network learns.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/timer.h"
#include "lib/train/checkpoint/position.h"
#include "lib/train/log/epoch_times.h"
#include "lib/train/log/metrics_log.h"
#include "lib/train/log/tensorboard_log.h"
#include "lib/train/loop/clip_sums.h"
#include "lib/train/train_options.h"
#include "lib/train/watch/phase_clock.h"

namespace reel3d {

// A point of the curves. It covers the steps since the previous point.
struct CurvePoint {
  int64_t step = 0;
  ClipMeans training;  // over the clips of these steps
  double lr = 0, gradient_norm = 0, weight_norm = 0;
  PhaseSeconds phases{};     // of the main rank, since this part of the run began
  double clips_trained = 0;  // over all ranks, since this part of the run began
};

// The times of an epoch's steps.
struct EpochSpeed {
  double num_clips = 0;          // over all ranks
  std::vector<RankTimes> ranks;  // in rank order
  int loader_threads = 1;        // of each rank
  int cores = 1;                 // of each rank
};

class RunViews {
 public:
  // Opens the logs in options.run_dir. `options` must outlive this object. If the run was `resumed`
  // at `position`, the logs keep their lines up to there; otherwise they begin empty. Warns of
  // lines that the logs have lost, and puts back the lines of metrics.jsonl that checkpoints hold.
  RunViews(const TrainOptions& options, const Position& position, bool resumed);

  // Adds a picture of the run's first batch, uint8 (N, 3, T, S, S), to TensorBoard.
  void ShowClips(const at::Tensor& pixels);
  void AddPoint(const CurvePoint& point);
  // Records the epoch that has just ended: `line` in metrics.jsonl, a line of the log with the
  // speed and the time left, the validation's point of the curves, and a line of times.jsonl. If
  // the cause that limits the speed has changed, the log reports it.
  void RecordEpoch(const nlohmann::ordered_json& line, const ClipMeans& validation,
                   const EpochSpeed& speed);

  // Throws an environment error if some lines still cannot be written. Call it before a checkpoint
  // is written, since a checkpoint at a step that the logs have not reached would leave a gap in
  // them. Any thread may call it while lines are being added.
  void Flush();

 private:
  void RecordTimes(const nlohmann::ordered_json& line, const EpochSpeed& speed);

  const TrainOptions& options_;
  const int first_epoch_;  // epochs done before this part of the run
  const Stopwatch clock_;
  MetricsLog metrics_;
  MetricsLog times_;  // holds the figures that depend on the machine's speed
  std::optional<TensorBoardLog> tensorboard_;
  CurvePoint last_point_;
  VerdictNews verdict_news_;
};

// Returns the line of metrics.jsonl for the epoch that ends at `position`. Figures are absent
// if they have no clips: all steps were skipped, or nothing was validated.
nlohmann::ordered_json EpochLine(const Position& position, double lr, const ClipMeans& training,
                                 const ClipMeans& validation);

}  // namespace reel3d
