// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/clip_feed.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>
#include <vector>

#include "lib/infer/clip_tensors.h"

namespace reel3d {

ClipFeed::ClipFeed(const EpochData& data, const ShardSet& shards, const TrainOptions& options,
                   at::Device device, Watchdog& watchdog, DamagedVideos& damaged,
                   int loader_threads)
    : data_(data),
      shards_(shards),
      options_(options),
      watchdog_(watchdog),
      damaged_(damaged),
      loader_threads_(loader_threads),
      input_(options.input, device) {}

void ClipFeed::Open(std::unique_ptr<BatchLoader> loader) {
  Close();
  loader_ = std::move(loader);
  work_.emplace(watchdog_, [this] { return InHand(); });
}

void ClipFeed::Close() {
  work_.reset();
  loader_.reset();
}

void ClipFeed::OpenTraining(int epoch, int64_t first_step) {
  const bool is_begun = upcoming_ && epoch == upcoming_epoch_ && first_step == 0;
  Open(is_begun ? std::move(upcoming_) : data_.Training(epoch, first_step, loader_threads_));
}

void ClipFeed::OpenValidation() { Open(data_.Validation(loader_threads_)); }

void ClipFeed::BeginNextEpoch(int epoch) {
  upcoming_ = data_.Training(epoch, /*first_step=*/0, loader_threads_);
  upcoming_epoch_ = epoch;
}

bool ClipFeed::Next() {
  if (!loader_->Next(&batch_)) {
    return false;
  }
  if (!batch_.clips.empty()) {
    const std::lock_guard<std::mutex> lock(last_id_mutex_);
    last_id_ = batch_.clips.back().id;
  }
  for (const ClipFault& fault : batch_.faults) {
    damaged_.Note(shards_.videos()[fault.video].id, fault.reason);
  }
  return true;
}

ClipFeed::Clips ClipFeed::ToDevice() {
  const ClipBatch clips = LoadedClips(batch_, options_.clip.length);
  return {input_.ToInput(clips.pixels), input_.ToDevice(clips.labels)};
}

at::Tensor ClipFeed::Pixels() { return AsTensors(batch_, options_.clip.length).pixels; }

// Returns the videos that are being loaded, so that the watchdog can report what a rank waits for.
// The watchdog's threads call this method. It reads no index, because a file system that hangs
// would stop the watchdog too.
std::string ClipFeed::InHand() const {
  if (const std::vector<std::string> ids = loader_->InHand(); !ids.empty()) {
    return fmt::format("loading {}", fmt::join(ids, ", "));
  }
  const std::lock_guard<std::mutex> lock(last_id_mutex_);
  return last_id_.empty() ? "" : "last clip of " + last_id_;
}

}  // namespace reel3d
