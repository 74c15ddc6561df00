// Brings the clips of one rank to its network: opens the loader of each epoch, reads batches ahead
// and turns them into tensors on the device. Damaged videos are noted on the way. Use it from one
// thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "lib/infer/clip_input.h"
#include "lib/loader/batch_loader.h"
#include "lib/shard/shard_set.h"
#include "lib/train/loop/damaged_videos.h"
#include "lib/train/loop/epoch_data.h"
#include "lib/train/train_options.h"
#include "lib/train/watch/watchdog.h"

namespace reel3d {

class ClipFeed {
 public:
  // All references must outlive this object. While a loader is open, the watchdog can report the
  // videos that are being loaded.
  ClipFeed(const EpochData& data, const ShardSet& shards, const TrainOptions& options,
           at::Device device, Watchdog& watchdog, DamagedVideos& damaged, int loader_threads);

  // Open the loader of an epoch's training clips, or of the validation clips. Call Close() after
  // the last batch.
  void OpenTraining(int epoch, int64_t first_step);
  void OpenValidation();
  void Close();
  // Starts the loader of `epoch`, the next epoch. Call it when the last clips of this epoch are
  // loaded. OpenTraining() then uses that loader, so the first clips are ready sooner. Between two
  // epochs, two rings of batches are in memory.
  void BeginNextEpoch(int epoch);

  // Waits until the last batch is copied to the device, so that Next() may reuse its memory. Call
  // it before Next().
  void EndCopies() { input_.EndCopies(); }
  // Loads the next batch. Returns false after the last one.
  bool Next();
  // Returns the last batch on the device: the network's input (N, channels, T, S, S) and labels
  // (N). Clips that could neither be loaded nor replaced are discarded.
  struct Clips {
    at::Tensor input, labels;
  };
  Clips ToDevice();
  // Returns the last batch's pixels, uint8 (N, 3, T, S, S), valid until the next Next().
  at::Tensor Pixels();
  const LoadCost& cost() const { return batch_.cost; }  // of the last batch

 private:
  void Open(std::unique_ptr<BatchLoader> loader);
  std::string InHand() const;

  const EpochData& data_;
  const ShardSet& shards_;
  const TrainOptions& options_;
  Watchdog& watchdog_;
  DamagedVideos& damaged_;
  const int loader_threads_;
  ClipInput input_;
  Batch batch_;  // its memory is reused
  mutable std::mutex last_id_mutex_;
  std::string last_id_;                    // video of the last batch's last clip; empty: none yet
  std::unique_ptr<BatchLoader> upcoming_;  // of upcoming_epoch_, if it is started
  int upcoming_epoch_ = 0;
  std::unique_ptr<BatchLoader> loader_;
  std::optional<Watchdog::Work> work_;  // ends before the loader that it describes
};

}  // namespace reel3d
