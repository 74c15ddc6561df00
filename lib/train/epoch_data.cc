// SPDX-License-Identifier: Apache-2.0
#include "lib/train/epoch_data.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <memory>

#include "lib/base/error.h"

namespace reel3d {
namespace {

std::vector<size_t> Labelled(const ShardSet& shards, Subset subset) {
  std::vector<size_t> members = VideosOfSubset(shards.videos(), subset);
  for (const size_t video : members) {
    if (shards.videos()[video].label < 0) {
      throw InputError(fmt::format("{}: {} video {} has no label", shards.folder().string(),
                                   SubsetName(subset), shards.videos()[video].id));
    }
  }
  return members;
}

}  // namespace

ClipBatch AsTensors(Batch& batch, int clip_length, int size) {
  std::vector<int64_t> labels;
  for (const ClipRequest& clip : batch.clips) {
    labels.push_back(clip.label);
  }
  return {
      torch::from_blob(batch.pixels.data(), {batch.size(), 3, clip_length, size, size}, at::kByte),
      torch::tensor(labels, at::kLong)};
}

EpochData::EpochData(const ShardSet& shards, const TrainOptions& options, const World& world)
    : shards_(shards),
      options_(options),
      rank_(world.rank()),
      num_ranks_(world.size()),
      training_(Labelled(shards, Subset::kTraining)),
      validation_(Labelled(shards, Subset::kValidation)) {
  if (training_.empty()) {
    throw InputError(shards.folder().string() + ": holds no training videos");
  }
  partition_.num_samples = num_training() * options.clips_per_video;
  partition_.global_batch = options.batch;
  partition_.drop_last = options.last_batch == "drop";
  partition_.num_ranks = num_ranks_;
  partition_.micro_batch = options.micro_batch;
}

std::vector<ClipRequest> EpochData::TrainingClips(const std::vector<Sample>& samples,
                                                  int epoch) const {
  std::vector<ClipRequest> clips;
  for (const Sample& sample : samples) {
    const IndexedVideo& video = shards_.videos()[sample.video];
    Rng rng = SampleRng(video, sample.repetition, static_cast<uint64_t>(options_.seed), epoch);
    Clip clip =
        RandomClip(video.num_frames, options_.clip, options_.clip_start == "inclusive", rng);
    clips.push_back({sample.video, video.label, std::move(clip), rng});
  }
  return clips;
}

BatchLoaderOptions EpochData::LoaderOptions(int threads) const {
  BatchLoaderOptions options;
  options.clip_length = options_.clip.length;
  options.size = options_.crop.size;
  options.threads = threads;
  options.decoding = ParseDecoding(options_.decoding);
  return options;
}

BatchLoader EpochData::Training(int epoch, int64_t first_step, int threads) const {
  const auto order = std::make_shared<std::vector<Sample>>(
      EpochOrder(shards_.videos(), training_, static_cast<uint64_t>(options_.seed), epoch,
                 options_.clips_per_video));
  const auto ranges = std::make_shared<std::vector<SampleRange>>();
  for (int64_t step = first_step; step < partition_.NumSteps(); ++step) {
    for (int64_t part = 0; part < partition_.NumMicroBatches(step); ++part) {
      ranges->push_back(partition_.MicroBatch(step, rank_, part));
    }
  }
  BatchRequests requests;
  requests.num_batches = static_cast<int64_t>(ranges->size());
  requests.clips = [this, order, ranges, epoch](int64_t batch_index) {
    const SampleRange range = (*ranges)[static_cast<size_t>(batch_index)];
    return TrainingClips({order->begin() + range.begin, order->begin() + range.end}, epoch);
  };
  requests.crop = [this](FrameSize frame, Rng& rng) { return DrawCrop(options_.crop, frame, rng); };
  return {std::move(requests), ShardFrames(shards_), LoaderOptions(threads)};
}

BatchLoader EpochData::Validation(int threads) const {
  std::vector<ClipRequest> clips;
  for (const size_t index : validation_) {
    const IndexedVideo& video = shards_.videos()[index];
    for (Clip& clip : EvenClips(video.num_frames, options_.clip, options_.validation.clips,
                                options_.validation.capped)) {
      clips.push_back({index, video.label, std::move(clip), Rng(0)});
    }
  }
  const auto count = static_cast<int64_t>(clips.size());
  const int64_t share = (options_.batch + num_ranks_ - 1) / num_ranks_;
  BatchRequests requests =
      BatchesOf({clips.begin() + count * rank_ / num_ranks_,
                 clips.begin() + count * (rank_ + 1) / num_ranks_},
                options_.micro_batch > 0 ? std::min<int64_t>(options_.micro_batch, share) : share);
  requests.crop = [this](FrameSize frame, Rng& /*rng*/) {
    return CenterCrop(frame, options_.crop.size);
  };
  return {std::move(requests), ShardFrames(shards_), LoaderOptions(threads)};
}

}  // namespace reel3d
