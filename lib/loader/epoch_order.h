// The order in which an epoch takes its clips: by a random key of each clip, which depends only on
// (seed, epoch, id of the video, number of the clip). So the order does not depend on the
// manifest's order, nor on the number of ranks or threads.
//
// A large set is not sorted at once. The keys are cut into ranges of equal width, the buckets; one
// pass over the index finds the clips of a bucket, and only these are sorted. While a bucket is
// used, a thread prepares the next one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <future>
#include <mutex>
#include <vector>

#include "lib/shard/video_index.h"

namespace reel3d {

// Identifies a training clip of an epoch: clip number `repetition` (from 0) of videos[video].
struct Sample {
  size_t video = 0;
  int repetition = 0;

  bool operator==(const Sample& other) const {
    return video == other.video && repetition == other.repetition;
  }
};

struct EpochOrderOptions {
  Subset subset = Subset::kTraining;
  uint64_t seed = 1;
  int64_t epoch = 0;
  int clips_per_video = 1;
  // About the largest number of clips in a bucket. Three buckets are in memory, 8 bytes a clip. A
  // smaller value needs more passes over the index.
  int64_t bucket_samples = int64_t{1} << 21;
  // Bits of a key that are kept. Clips that agree in them are compared by their complete keys, so
  // this changes no order. Tests lower it, because equal keys are rare.
  int kept_key_bits = 64;
};

// Any thread may call the methods. They throw an input error if the index is damaged.
class EpochOrder {
 public:
  EpochOrder(VideoIndex videos, const EpochOrderOptions& options);

  int64_t size() const { return size_; }  // clips of the epoch
  // Returns the clip at a place from 0 to size() - 1. Quick if places rise from call to call.
  Sample At(int64_t place);
  // Returns the clip at any place, without giving up the current bucket or preparing the next one.
  // Slow: most calls pass over the index. It suits replacements.
  Sample AtOther(int64_t place);

 private:
  // The clips of a bucket in order. Each has the number video * clips_per_video + repetition in its
  // lowest bits, and above it the bits of its key that follow the bucket's number.
  struct Bucket {
    int64_t number = -1;  // -1: none
    std::vector<uint64_t> clips;
  };

  template <class Use>
  void ForEachKey(const Use& use) const;
  Sample SampleOf(uint64_t clip) const;
  void FindBuckets();
  int64_t BucketOf(int64_t place);
  Bucket MakeBucket(int64_t number) const;
  void PrepareBucket(int64_t number);
  void RequireCount(int64_t expected, int64_t found) const;
  uint64_t BucketOfKey(uint64_t key) const;
  uint64_t ElementOf(uint64_t key, uint64_t clip) const;
  void Sort(std::vector<uint64_t>* clips) const;
  Sample Take(const Bucket& bucket, int64_t place) const;

  const VideoIndex videos_;
  const EpochOrderOptions options_;
  const uint64_t order_seed_;
  const int64_t size_;
  int bucket_bits_ = 0;  // a key's highest bits are the number of its bucket
  int clip_bits_ = 0;    // lowest bits of an element of Bucket::clips

  std::mutex mutex_;                    // guards all members below
  std::vector<int64_t> bucket_begins_;  // place of each bucket's first clip; then size_
  Bucket current_, other_;
  std::future<Bucket> next_;
  int64_t next_number_ = 0;  // of the bucket that was last prepared as the next one
};

}  // namespace reel3d
