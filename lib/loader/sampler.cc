// SPDX-License-Identifier: Apache-2.0
#include "lib/loader/sampler.h"

#include <algorithm>
#include <tuple>

#include "lib/base/error.h"

namespace reel3d {
namespace {

int64_t CeilDivide(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }

// Returns part `part` of num_parts even parts.
SampleRange EvenPart(SampleRange whole, int64_t part, int64_t num_parts) {
  return {whole.begin + whole.size() * part / num_parts,
          whole.begin + whole.size() * (part + 1) / num_parts};
}

}  // namespace

std::vector<size_t> VideosOfSubset(const std::vector<IndexedVideo>& videos, Subset subset) {
  std::vector<size_t> members;
  for (size_t i = 0; i < videos.size(); ++i) {
    if (videos[i].subset == subset) {
      members.push_back(i);
    }
  }
  return members;
}

std::vector<Sample> EpochOrder(const std::vector<IndexedVideo>& videos,
                               const std::vector<size_t>& members, uint64_t seed, int64_t epoch,
                               int clips_per_video) {
  struct Keyed {
    uint64_t key;
    Sample sample;
  };
  // The order has a seed of its own, so that a clip's place in the epoch is independent of the
  // frames and the crop that are drawn for the clip.
  const uint64_t order_seed = seed ^ StableHash("epoch order");
  std::vector<Keyed> keyed;
  keyed.reserve(members.size() * static_cast<size_t>(clips_per_video));
  for (const size_t video : members) {
    for (int repetition = 0; repetition < clips_per_video; ++repetition) {
      Rng rng = SampleRng(videos[video], repetition, order_seed, epoch);
      keyed.push_back({rng.Next(), {video, repetition}});
    }
  }
  std::sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
    return std::tie(a.key, videos[a.sample.video].id, a.sample.repetition) <
           std::tie(b.key, videos[b.sample.video].id, b.sample.repetition);
  });
  std::vector<Sample> order;
  order.reserve(keyed.size());
  for (const Keyed& item : keyed) {
    order.push_back(item.sample);
  }
  return order;
}

Rng SampleRng(const IndexedVideo& video, int repetition, uint64_t seed, int64_t epoch) {
  return Rng(seed, static_cast<uint64_t>(epoch), StableHash(video.id),
             static_cast<uint64_t>(repetition));
}

int64_t EpochPartition::NumSteps() const {
  REEL3D_CHECK(num_samples >= 0 && global_batch >= 1 && num_ranks >= 1 && micro_batch >= 0);
  if (drop_last && num_samples >= global_batch) {
    return num_samples / global_batch;
  }
  return CeilDivide(num_samples, global_batch);
}

SampleRange EpochPartition::Batch(int64_t step) const {
  REEL3D_CHECK(step >= 0 && step < NumSteps());
  return {step * global_batch, std::min(num_samples, (step + 1) * global_batch)};
}

SampleRange EpochPartition::Slice(int64_t step, int rank) const {
  REEL3D_CHECK(rank >= 0 && rank < num_ranks);
  return EvenPart(Batch(step), rank, num_ranks);
}

int64_t EpochPartition::NumMicroBatches(int64_t step) const {
  const int64_t largest_slice = CeilDivide(Batch(step).size(), num_ranks);
  return micro_batch == 0 ? 1 : CeilDivide(largest_slice, micro_batch);
}

SampleRange EpochPartition::MicroBatch(int64_t step, int rank, int64_t micro_batch_index) const {
  const int64_t num_micro_batches = NumMicroBatches(step);
  REEL3D_CHECK(micro_batch_index >= 0 && micro_batch_index < num_micro_batches);
  return EvenPart(Slice(step, rank), micro_batch_index, num_micro_batches);
}

}  // namespace reel3d
