// SPDX-License-Identifier: Apache-2.0
#include "lib/loader/epoch_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <tuple>
#include <utility>

#include "lib/base/error.h"
#include "lib/loader/sampler.h"

namespace reel3d {
namespace {

constexpr int kKeyBits = 64;

int BitWidth(uint64_t value) {
  int bits = 0;
  for (; value > 0; value >>= 1) {
    ++bits;
  }
  return bits;
}

}  // namespace

// The order has a seed of its own, so that a clip's place in the epoch is independent of the frames
// and the crop that are drawn for the clip.
EpochOrder::EpochOrder(VideoIndex videos, const EpochOrderOptions& options)
    : videos_(std::move(videos)),
      options_(options),
      order_seed_(options.seed ^ StableHash("epoch order")),
      size_(videos_.Count(options.subset) * options.clips_per_video) {
  while (size_ >> bucket_bits_ > options.bucket_samples) {
    ++bucket_bits_;
  }
  clip_bits_ = std::max(BitWidth(videos_.size() * static_cast<uint64_t>(options.clips_per_video)),
                        kKeyBits - options.kept_key_bits);
  REEL3D_CHECK(clip_bits_ < kKeyBits);
}

template <class Use>
void EpochOrder::ForEachKey(const Use& use) const {
  const auto repetitions = static_cast<uint64_t>(options_.clips_per_video);
  videos_.Scan([&](size_t video, const IndexRecord& record) {
    if (record.IsOf(options_.subset)) {
      for (uint64_t repetition = 0; repetition < repetitions; ++repetition) {
        Rng rng =
            SampleRng(record.id_hash, static_cast<int>(repetition), order_seed_, options_.epoch);
        use(rng.Next(), video * repetitions + repetition);
      }
    }
  });
}

Sample EpochOrder::SampleOf(uint64_t clip) const {
  const uint64_t number = clip & ((uint64_t{1} << clip_bits_) - 1);
  const auto repetitions = static_cast<uint64_t>(options_.clips_per_video);
  return {number / repetitions, static_cast<int>(number % repetitions)};
}

uint64_t EpochOrder::BucketOfKey(uint64_t key) const {
  return bucket_bits_ == 0 ? 0 : key >> (kKeyBits - bucket_bits_);
}

// An epoch begins with the first bucket, so the pass that counts gathers its clips, too.
void EpochOrder::FindBuckets() {
  std::vector<int64_t> begins((size_t{1} << bucket_bits_) + 1);
  Bucket first;
  first.number = 0;
  ForEachKey([&](uint64_t key, uint64_t clip) {
    const uint64_t bucket = BucketOfKey(key);
    ++begins[bucket + 1];
    if (bucket == 0) {
      first.clips.push_back(ElementOf(key, clip));
    }
  });
  for (size_t bucket = 1; bucket < begins.size(); ++bucket) {
    begins[bucket] += begins[bucket - 1];
  }
  RequireCount(size_, begins.back());
  bucket_begins_ = std::move(begins);
  Sort(&first.clips);
  current_ = std::move(first);
}

void EpochOrder::RequireCount(int64_t expected, int64_t found) const {
  if (found != expected) {
    videos_.Fail(fmt::format("its header counts {} clips and its rows {}", expected, found));
  }
}

int64_t EpochOrder::BucketOf(int64_t place) {
  REEL3D_CHECK(place >= 0 && place < size_);
  if (bucket_begins_.empty()) {
    FindBuckets();
  }
  return std::upper_bound(bucket_begins_.begin(), bucket_begins_.end(), place) -
         bucket_begins_.begin() - 1;
}

EpochOrder::Bucket EpochOrder::MakeBucket(int64_t number) const {
  const auto wanted = static_cast<uint64_t>(number);
  const auto place = static_cast<size_t>(number);
  Bucket bucket;
  bucket.number = number;
  const int64_t count = bucket_begins_[place + 1] - bucket_begins_[place];
  bucket.clips.reserve(static_cast<size_t>(count));
  ForEachKey([&](uint64_t key, uint64_t clip) {
    if (BucketOfKey(key) == wanted) {
      bucket.clips.push_back(ElementOf(key, clip));
    }
  });
  RequireCount(count, static_cast<int64_t>(bucket.clips.size()));
  Sort(&bucket.clips);
  return bucket;
}

uint64_t EpochOrder::ElementOf(uint64_t key, uint64_t clip) const {
  const uint64_t key_mask = ~((uint64_t{1} << clip_bits_) - 1);
  return ((key << bucket_bits_) & key_mask) | clip;
}

// The clips whose keys are equal as far as they are kept are sorted again, by all of the key.
void EpochOrder::Sort(std::vector<uint64_t>* clips) const {
  std::sort(clips->begin(), clips->end());
  const auto precise = [&](uint64_t clip) {
    const Sample sample = SampleOf(clip);
    const IndexedVideo video = videos_[sample.video];
    Rng rng = SampleRng(video, sample.repetition, order_seed_, options_.epoch);
    return std::tuple(rng.Next(), video.id, sample.repetition);
  };
  for (auto begin = clips->begin(); begin != clips->end();) {
    const auto end = std::find_if(begin + 1, clips->end(), [&](uint64_t clip) {
      return clip >> clip_bits_ != *begin >> clip_bits_;
    });
    if (end - begin > 1) {
      std::sort(begin, end, [&](uint64_t a, uint64_t b) { return precise(a) < precise(b); });
    }
    begin = end;
  }
}

Sample EpochOrder::Take(const Bucket& bucket, int64_t place) const {
  const int64_t begin = bucket_begins_[static_cast<size_t>(bucket.number)];
  return SampleOf(bucket.clips.at(static_cast<size_t>(place - begin)));
}

Sample EpochOrder::At(int64_t place) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const int64_t number = BucketOf(place);
  if (current_.number != number) {
    std::future<Bucket> next = std::move(next_);
    const bool is_next = next.valid() && next_number_ == number;
    current_ = {};  // frees its memory before more is needed
    current_ = is_next ? next.get() : MakeBucket(number);
  }
  PrepareBucket(number + 1);
  return Take(current_, place);
}

void EpochOrder::PrepareBucket(int64_t number) {
  if (number == next_number_ || number >= int64_t{1} << bucket_bits_) {
    return;
  }
  next_number_ = number;
  try {
    next_ = std::async(std::launch::async, [this, number] { return MakeBucket(number); });
  } catch (const std::system_error&) {
    // Without a further thread, the bucket is made when it is needed.
  }
}

Sample EpochOrder::AtOther(int64_t place) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const int64_t number = BucketOf(place);
  if (current_.number == number) {
    return Take(current_, place);
  }
  if (other_.number != number) {
    other_ = {};
    other_ = MakeBucket(number);
  }
  return Take(other_, place);
}

}  // namespace reel3d
