// SPDX-License-Identifier: Apache-2.0
// Videos in memory and requests for clips of them, for the tests of the BatchLoader.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "lib/loader/batch_loader.h"
#include "tests/frames/jpeg_pictures.h"

namespace reel3d::test {

inline constexpr FrameSize kFrame = {64, 48};
inline constexpr int kLength = 4;
inline constexpr int kSize = 24;
inline constexpr int kNumFrames = 9;

// Videos in memory: each has kNumFrames frames.
class FakeVideos {
 public:
  explicit FakeVideos(int count) {
    for (int i = 0; i < count * kNumFrames; ++i) {
      frames_.push_back(MakeJpeg(kFrame, i));
    }
  }
  void Damage(size_t video, int frame) { frames_[Place(video, frame)].resize(300); }
  FrameSource Source() {
    FrameSource source;
    source.read = [this](size_t video, const std::vector<int>& indices, FrameBytes* bytes) {
      num_reads_ += static_cast<int>(indices.size());
      bytes->Clear();
      for (const int index : indices) {
        const std::vector<uint8_t>& jpeg = frames_[Place(video, index)];
        std::copy(jpeg.begin(), jpeg.end(), bytes->Append({0, jpeg.size()}, {0}));
      }
    };
    source.name = [](size_t video) { return fmt::format("shard 0, video v{}", video); };
    return source;
  }
  int num_reads() const { return num_reads_; }

 private:
  static size_t Place(size_t video, int frame) { return video * kNumFrames + frame; }

  std::vector<std::vector<uint8_t>> frames_;
  std::atomic<int> num_reads_{0};
};

inline CropOptions SmallCrops() {
  CropOptions options;
  options.size = kSize;
  return options;
}

inline ClipRequest RequestOf(int64_t batch, int64_t i, size_t num_videos) {
  ClipRequest request;
  request.video = static_cast<size_t>(batch * 3 + i) % num_videos;
  request.label = static_cast<int>(batch * 100 + i);
  Rng rng(1, static_cast<uint64_t>(batch), static_cast<uint64_t>(i));
  request.clip = RandomClip(kNumFrames, {kLength, 1}, true, rng);
  request.crop_rng = rng;
  return request;
}

// Batch b holds b % 4 + 1 clips.
inline BatchRequests TrainingRequests(int64_t num_batches, size_t num_videos) {
  BatchRequests requests;
  requests.num_batches = num_batches;
  requests.clips = [num_videos](int64_t batch) {
    std::vector<ClipRequest> clips;
    for (int64_t i = 0; i <= batch % 4; ++i) {
      clips.push_back(RequestOf(batch, i, num_videos));
    }
    return clips;
  };
  requests.crop = [](const ClipRequest& /*clip*/, FrameSize frame, Rng& rng) {
    return DrawCrop(SmallCrops(), frame, rng);
  };
  return requests;
}

inline BatchLoaderOptions Options(int threads, int batches_ahead) {
  return {kLength, kSize, threads, batches_ahead};
}

inline constexpr size_t kClipBytes = size_t{3} * kLength * kSize * kSize;

}  // namespace reel3d::test
