// Reads how far a training is from the files that it leaves in its folder: metrics.jsonl,
// times.jsonl, starts.jsonl, heartbeats, lock.holder and checkpoints (docs/reference/formats.md).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lib/ledger/goodput.h"
#include "lib/train/watch/heartbeat.h"
#include "pipeline/stages/file_dates.h"
#include "pipeline/stages/run_files.h"

namespace reel3d {

// An epoch that has ended. Figures that its lines do not have are absent.
struct EpochRow {
  int epoch = 0;
  int64_t step = 0;
  double lr = 0;
  std::optional<double> train_loss, train_top1, validation_loss, validation_top1;
  std::optional<double> clips_per_s, waiting_share, seconds;
  std::optional<double> ended_s;  // seconds since 1970
  std::string verdict;            // the cause that limits the speed
};

// Describes the process that holds the run's lock.
struct LockSign {
  bool is_there = false;
  bool is_alive = false;
  bool has_ended = false;  // known for sure, on the same machine
  std::string host;
};

struct TrainProgress {
  int epochs_done = 0, epochs = 0;  // epochs: 0 if not known
  int64_t step = 0;
  int64_t steps_per_epoch = 0;   // 0: not known
  int64_t steps_in_epoch = 0;    // done in the current epoch
  std::vector<EpochRow> rows;    // the last epochs, oldest first
  std::optional<double> left_s;  // to the end of the training
  LockSign lock;
  int num_ranks = 0;               // with a sign of life
  std::string now;                 // "backward for 0 s at step 12"; empty: no heartbeats
  std::string blame;               // the rank that blocks the run; empty: none does
  int64_t checkpoint_step = -1;    // of the newest one; -1: there is none
  double checkpoint_at_s = 0;      // seconds since 1970
  int64_t best_step = -1;          // of `best`; -1: there is none
  std::optional<Goodput> goodput;  // of starts.jsonl
  // starts.jsonl is too long to be read at every look, so there is no goodput.
  bool has_too_many_starts = false;
  bool is_alive() const { return lock.is_alive; }
};

// Names the rank that blocks a training, from two readings of its beats that lie a few seconds
// apart. Returns "" if no rank does, or if the numbers of ranks differ.
std::string DescribeBlocker(const std::vector<Beat>& before, const std::vector<Beat>& after);

// Reads the same folder again and again. It keeps what must be compared with an earlier look.
class TrainReader {
 public:
  // `index` is the index.tsv of the shards, for the length of the first epoch; it may be absent.
  TrainReader(std::filesystem::path folder, std::filesystem::path index, Clock clock)
      : folder_(std::move(folder)), index_(std::move(index)), clock_(std::move(clock)) {}

  TrainProgress Look();

 private:
  LockSign LookAtLock();
  void LookAtBeats(TrainProgress* progress);
  void LookAtCheckpoints(TrainProgress* progress) const;
  int64_t StepsPerEpoch(const TrainProgress& progress, const std::string& config);
  std::optional<double> SecondsLeft(const TrainProgress& progress);

  const std::filesystem::path folder_, index_;
  const Clock clock_;
  RowCounter rows_;
  RateMeter steps_;
  std::vector<Beat> beats_;      // of an earlier look, which new beats are compared with
  double beats_at_s_ = 0;        // when they were read, by this host's clock
  std::string blame_;            // what the last comparison has found
  double lock_changed_s_ = 0;    // date of lock.holder at the look before
  double lock_beat_seen_s_ = 0;  // when that date was last seen to change, by this host's clock
};

}  // namespace reel3d
