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
    last_video_ = static_cast<int64_t>(batch_.clips.back().video);
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
// The watchdog's threads call this method.
std::string ClipFeed::InHand() const {
  std::vector<std::string> ids;
  for (const size_t video : loader_->InHand()) {
    ids.push_back(shards_.videos()[video].id);
  }
  if (!ids.empty()) {
    return fmt::format("loading {}", fmt::join(ids, ", "));
  }
  const int64_t video = last_video_;
  return video < 0 ? "" : "last clip of " + shards_.videos()[static_cast<size_t>(video)].id;
}

}  // namespace reel3d
