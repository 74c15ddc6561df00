// SPDX-License-Identifier: Apache-2.0
#include "lib/loader/epoch_loaders.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "lib/base/error.h"

namespace reel3d {
namespace {

void RequireLabels(const ShardSet& shards, Subset subset) {
  if (shards.videos().CountUnlabelled(subset) == 0) {
    return;
  }
  for (const IndexedVideo& video : shards.videos()) {
    if (video.subset == subset && video.label < 0) {
      throw InputError(fmt::format("{}: {} video {} has no label", shards.folder().string(),
                                   SubsetName(subset), video.id));
    }
  }
}

// Returns the shards that do not only have videos of this subset.
std::set<int> ShardsWithOthers(const VideoIndex& videos, Subset subset) {
  std::set<int> numbers;
  auto shard = videos.shards().begin();
  videos.Scan([&](size_t video, const IndexRecord& record) {
    while (video >= shard->first_video + shard->num_videos) {
      ++shard;
    }
    if (!record.IsOf(subset)) {
      numbers.insert(numbers.end(), static_cast<int>(shard->number));
    }
  });
  return numbers;
}

}  // namespace

EpochLoaders::EpochLoaders(const ShardSet& shards, const EpochOptions& options, int rank,
                           int num_ranks, PixelAllocator allocate)
    : shards_(shards),
      options_(options),
      rank_(rank),
      num_ranks_(num_ranks),
      allocate_(std::move(allocate)) {
  RequireLabels(shards, Subset::kTraining);
  RequireLabels(shards, Subset::kValidation);
  if (num_training() == 0) {
    throw InputError(shards.folder().string() + ": holds no training videos");
  }
  partition_.num_samples = num_training() * options.clips_per_video;
  partition_.global_batch = options.batch;
  partition_.drop_last = options.last_batch == LastBatch::kDrop;
  partition_.num_ranks = num_ranks_;
  partition_.micro_batch = options.micro_batch;
}

// RequireLabels() goes by the counts of the index. A hostile index may count wrongly.
IndexedVideo EpochLoaders::LabelledVideo(size_t video) const {
  IndexedVideo row = shards_.videos()[video];
  if (row.label < 0) {
    shards_.videos().Fail(fmt::format("its header counts video {} as one with a label", row.id));
  }
  return row;
}

ClipRequest EpochLoaders::TrainingClip(const Sample& sample, uint64_t seed, int epoch) const {
  const IndexedVideo video = LabelledVideo(sample.video);
  Rng rng = SampleRng(video, sample.repetition, seed, epoch);
  Clip clip = RandomClip(video.num_frames, options_.clip,
                         options_.clip_start == ClipStart::kInclusive, rng);
  return {sample.video, video.label,        std::move(clip), rng,
          /*crop=*/0,   /*whole_frame=*/{}, video.id};
}

BatchLoaderOptions EpochLoaders::LoaderOptions(int threads) const {
  BatchLoaderOptions options;
  options.clip_length = options_.clip.length;
  options.size = options_.crop.size;
  options.threads = threads;
  options.decoding = options_.decoding;
  options.bad_clips = BadClips::kReport;
  options.allocate = allocate_;
  return options;
}

std::shared_ptr<EpochOrder> EpochLoaders::Order(int epoch) const {
  EpochOrderOptions options;
  options.seed = static_cast<uint64_t>(options_.seed);
  options.epoch = epoch;
  options.clips_per_video = options_.clips_per_video;
  return std::make_shared<EpochOrder>(shards_.videos(), options);
}

std::set<int64_t> EpochLoaders::TrainingSizes() const {
  std::set<int64_t> sizes;
  // The last step may have fewer clips than the others.
  for (const int64_t step : {int64_t{0}, partition_.NumSteps() - 1}) {
    for (int64_t part = 0; part < partition_.NumMicroBatches(step); ++part) {
      sizes.insert(partition_.MicroBatch(step, rank_, part).size());
    }
  }
  sizes.erase(0);
  return sizes;
}

std::set<int64_t> EpochLoaders::ValidationSizes(const ValidationWindows& windows) const {
  const BatchRequests batches = ValidationBatches(windows);
  std::set<int64_t> sizes;
  if (batches.num_batches > 0) {
    for (const int64_t batch : {int64_t{0}, batches.num_batches - 1}) {
      sizes.insert(static_cast<int64_t>(batches.clips(batch).size()));
    }
  }
  return sizes;
}

std::vector<size_t> EpochLoaders::VideosOfStep(int epoch, int64_t step) const {
  const std::shared_ptr<EpochOrder> order = Order(epoch);
  const SampleRange range = partition_.Batch(step);
  std::vector<size_t> videos;
  for (int64_t place = range.begin; place < range.end; ++place) {
    videos.push_back(order->AtOther(place).video);  // prepares no further bucket
  }
  return videos;
}

std::vector<int> EpochLoaders::ShardsByNeed(int epoch, int64_t first_step,
                                            const std::vector<int>& ranks,
                                            const std::function<bool()>& stop) const {
  // Half a bucket of the order: each further bucket would be another pass over the index.
  constexpr int64_t kMostClips = int64_t{1} << 20;
  std::set<int> left = ShardsWithOthers(shards_.videos(), Subset::kTesting);
  std::vector<int> by_need;
  const std::shared_ptr<EpochOrder> order = Order(epoch);
  int64_t num_clips = 0;
  for (int64_t step = first_step; step < partition_.NumSteps() && num_clips < kMostClips; ++step) {
    if (stop && stop()) {
      return by_need;
    }
    num_clips += partition_.Batch(step).size();
    for (const int rank : ranks) {
      const SampleRange slice = partition_.Slice(step, rank);
      for (int64_t place = slice.begin; place < slice.end && !left.empty(); ++place) {
        const int shard = shards_.videos()[order->AtOther(place).video].shard;
        if (left.erase(shard) > 0) {
          by_need.push_back(shard);
        }
      }
    }
    if (left.empty()) {
      break;
    }
  }
  by_need.insert(by_need.end(), left.begin(), left.end());
  return by_need;
}

std::unique_ptr<BatchLoader> EpochLoaders::Training(int epoch, int64_t first_step,
                                                    int threads) const {
  const std::shared_ptr<EpochOrder> order = Order(epoch);
  const auto ranges = std::make_shared<std::vector<SampleRange>>();
  for (int64_t step = first_step; step < partition_.NumSteps(); ++step) {
    for (int64_t part = 0; part < partition_.NumMicroBatches(step); ++part) {
      ranges->push_back(partition_.MicroBatch(step, rank_, part));
    }
  }
  BatchRequests requests;
  requests.num_batches = static_cast<int64_t>(ranges->size());
  const auto seed = static_cast<uint64_t>(options_.seed);
  requests.clips = [this, order, ranges, epoch, seed](int64_t batch_index) {
    const SampleRange range = (*ranges)[static_cast<size_t>(batch_index)];
    std::vector<ClipRequest> clips;
    for (int64_t place = range.begin; place < range.end; ++place) {
      clips.push_back(TrainingClip(order->At(place), seed, epoch));
    }
    return clips;
  };
  // The replacement comes from a place half an epoch later in the order, which is as far from this
  // batch as possible. Each further attempt goes one place on. Ranks do not affect this.
  requests.replacement = [this, order, ranges, epoch, seed](int64_t batch_index, size_t clip,
                                                            int attempt) {
    const int64_t place =
        (*ranges)[static_cast<size_t>(batch_index)].begin + static_cast<int64_t>(clip);
    const int64_t other = (place + order->size() / 2 + attempt) % order->size();
    return TrainingClip(order->AtOther(other), seed ^ StableHash("replacement"), epoch);
  };
  requests.crop = [this](const ClipRequest& /*clip*/, FrameSize frame, Rng& rng) {
    return DrawCrop(options_.crop, frame, rng);
  };
  return std::make_unique<BatchLoader>(std::move(requests), FramesOf(shards_),
                                       LoaderOptions(threads));
}

// Returns this rank's share of the windows.
BatchRequests EpochLoaders::ValidationBatches(const ValidationWindows& windows) const {
  std::vector<ClipRequest> clips;
  for (const size_t index : VideosOfSubset(shards_.videos(), Subset::kValidation)) {
    const IndexedVideo video = LabelledVideo(index);
    for (Clip& clip : EvenClips(video.num_frames, options_.clip, windows.clips, windows.capped)) {
      clips.push_back(
          {index, video.label, std::move(clip), Rng(0), /*crop=*/0, /*whole_frame=*/{}, video.id});
    }
  }
  const auto count = static_cast<int64_t>(clips.size());
  const int64_t share = (options_.batch + num_ranks_ - 1) / num_ranks_;
  return BatchesOf(
      {clips.begin() + count * rank_ / num_ranks_,
       clips.begin() + count * (rank_ + 1) / num_ranks_},
      options_.micro_batch > 0 ? std::min<int64_t>(options_.micro_batch, share) : share);
}

std::unique_ptr<BatchLoader> EpochLoaders::Validation(const ValidationWindows& windows,
                                                      int threads) const {
  BatchRequests requests = ValidationBatches(windows);
  requests.crop = [this](const ClipRequest& /*clip*/, FrameSize frame, Rng& /*rng*/) {
    return CenterCrop(frame, options_.crop.size);
  };
  return std::make_unique<BatchLoader>(std::move(requests), FramesOf(shards_),
                                       LoaderOptions(threads));
}

}  // namespace reel3d
