// SPDX-License-Identifier: Apache-2.0
#include "lib/loader/sampler.h"

#include <algorithm>

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

std::vector<size_t> VideosOfSubset(const VideoIndex& videos, Subset subset) {
  std::vector<size_t> members;
  videos.Scan([&](size_t video, const IndexRecord& record) {
    if (record.IsOf(subset)) {
      members.push_back(video);
    }
  });
  return members;
}

Rng SampleRng(uint64_t id_hash, int repetition, uint64_t seed, int64_t epoch) {
  return Rng(seed, static_cast<uint64_t>(epoch), id_hash, static_cast<uint64_t>(repetition));
}

Rng SampleRng(const IndexedVideo& video, int repetition, uint64_t seed, int64_t epoch) {
  return SampleRng(StableHash(video.id), repetition, seed, epoch);
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
