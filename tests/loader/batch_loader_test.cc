// SPDX-License-Identifier: Apache-2.0
#include "lib/loader/batch_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/frames/frame_decoder.h"
#include "tests/loader/fake_videos.h"

namespace reel3d::test {
namespace {

TEST(BatchLoaderTest, GivesWhatOneDecoderGivesInOrderForAnyThreads) {
  FakeVideos videos(5);
  const FrameSource source = videos.Source();
  for (const int threads : {1, 2, 5}) {
    for (const int batches_ahead : {1, 2, 7}) {
      BatchLoader loader(TrainingRequests(21, 5), source, Options(threads, batches_ahead));
      FrameDecoder decoder;
      Batch batch;
      int64_t num_batches = 0;
      while (loader.Next(&batch)) {
        ASSERT_EQ(batch.size(), num_batches % 4 + 1);
        ASSERT_EQ(batch.pixels.size(), batch.clips.size() * kClipBytes);
        for (int64_t i = 0; i < batch.size(); ++i) {
          const ClipRequest expected = RequestOf(num_batches, i, 5);
          EXPECT_EQ(batch.clips[i].label, expected.label);
          EXPECT_EQ(batch.clips[i].video, expected.video);
          FrameBytes bytes;
          source.read(expected.video, expected.clip.frames, &bytes);
          std::vector<FrameJpeg> frames;
          for (size_t t = 0; t < bytes.size(); ++t) {
            frames.push_back({0, bytes.data(t), bytes.size_bytes(t)});
          }
          Rng rng = expected.crop_rng;
          std::vector<uint8_t> clip(kClipBytes);
          decoder.DecodeClip(frames, kLength, DrawCrop(SmallCrops(), kFrame, rng), clip.data());
          EXPECT_TRUE(std::equal(clip.begin(), clip.end(), batch.pixels.begin() + i * kClipBytes));
        }
        ++num_batches;
      }
      EXPECT_EQ(num_batches, 21);
      EXPECT_FALSE(loader.Next(&batch));
    }
  }
}

TEST(BatchLoaderTest, LoopedClipsReadEachFrameOnce) {
  FakeVideos videos(1);
  BatchRequests requests = TrainingRequests(1, 1);
  requests.clips = [](int64_t) {
    ClipRequest request;
    request.clip = SlidingClips(3, {kLength, 1}, kLength, TailRule::kLoop).at(0);
    return std::vector<ClipRequest>{request};
  };
  BatchLoader loader(requests, videos.Source(), Options(2, 2));
  Batch batch;
  ASSERT_TRUE(loader.Next(&batch));
  EXPECT_EQ(videos.num_reads(), 3);
  constexpr size_t kArea = size_t{kSize} * kSize;
  EXPECT_TRUE(std::equal(batch.pixels.begin(), batch.pixels.begin() + kArea,
                         batch.pixels.begin() + 3 * kArea));
}

// Returns a batch of three crops of each of two windows, in an order in which no window's crops
// follow each other.
BatchRequests CropsOfWindows() {
  BatchRequests requests;
  requests.num_batches = 1;
  requests.clips = [](int64_t) {
    std::vector<ClipRequest> clips;
    for (int crop = 0; crop < 3; ++crop) {
      for (const Clip& clip : EvenClips(kNumFrames, {kLength, 1}, 2, true)) {
        clips.push_back({0, 0, clip, Rng(0), crop});
      }
    }
    return clips;
  };
  requests.crop = [](const ClipRequest& clip, FrameSize frame, Rng&) {
    return ScoringCrops(frame, kSize, {ScoringCrop::kThree, 0}).at(static_cast<size_t>(clip.crop));
  };
  return requests;
}

TEST(BatchLoaderTest, CropsOfAWindowReadItsFramesOnceAndHaveTheBytesThatEachHasAlone) {
  FakeVideos videos(1);
  BatchLoader loader(CropsOfWindows(), videos.Source(), Options(2, 1));
  Batch batch;
  ASSERT_TRUE(loader.Next(&batch));
  ASSERT_EQ(batch.size(), 6);
  EXPECT_EQ(videos.num_reads(), 2 * kLength);
  for (size_t i = 0; i < 6; ++i) {
    BatchRequests single = BatchesOf({batch.clips[i]}, 1);
    single.crop = CropsOfWindows().crop;
    BatchLoader alone(std::move(single), videos.Source(), Options(1, 1));
    Batch only;
    ASSERT_TRUE(alone.Next(&only));
    EXPECT_TRUE(
        std::equal(only.pixels.begin(), only.pixels.end(), batch.pixels.begin() + i * kClipBytes))
        << i;
  }
}

TEST(BatchLoaderTest, ScoringSeesTheCentreOfEveryWindow) {
  FakeVideos videos(1);
  BatchRequests requests;
  requests.num_batches = 1;
  requests.clips = [](int64_t) {
    std::vector<ClipRequest> clips;
    for (const Clip& clip : SlidingClips(kNumFrames, {kLength, 1}, kLength, TailRule::kLoop)) {
      clips.push_back({0, 0, clip, Rng(0)});
    }
    return clips;
  };
  requests.crop = [](const ClipRequest& /*clip*/, FrameSize frame, Rng&) {
    return CenterCrop(frame, kSize);
  };
  BatchLoader loader(requests, videos.Source(), Options(2, 1));
  Batch batch;
  ASSERT_TRUE(loader.Next(&batch));
  ASSERT_EQ(batch.size(), 3);
  EXPECT_EQ(batch.clips[2].clip.frames, (std::vector<int>{8, 8, 8, 8}));
}

TEST(BatchLoaderTest, BatchesOfCompleteFramesHaveTheAreaOfSquares) {
  const auto sizes_of = [](FrameSize frame) {
    ClipRequest clip;
    clip.whole_frame = frame;
    const BatchRequests requests = BatchesOf(std::vector<ClipRequest>(6, clip), 4);
    std::vector<size_t> sizes;
    for (int64_t batch = 0; batch < requests.num_batches; ++batch) {
      sizes.push_back(requests.clips(batch).size());
    }
    return sizes;
  };
  EXPECT_EQ(sizes_of({}), std::vector<size_t>({4, 2}));  // squares of the frames
  EXPECT_EQ(sizes_of({48, 48}), std::vector<size_t>({4, 2}));
  EXPECT_EQ(sizes_of({64, 48}), std::vector<size_t>({3, 3}));
  EXPECT_EQ(sizes_of({360, 640}), std::vector<size_t>({2, 2, 2}));
  EXPECT_EQ(sizes_of({384, 48}), std::vector<size_t>(6, 1));  // at least one
}

// Requests may take long, as when a large index is read. Nobody waits for them who needs not: other
// batches go on, and the watchdog learns what is being loaded.
TEST(BatchLoaderTest, WhileRequestsAreMadeTheRestGoesOn) {
  FakeVideos videos(2);
  std::promise<void> release, reading;
  const std::shared_future<void> released = release.get_future().share();
  FrameSource source = videos.Source();
  std::atomic<bool> is_first{true};
  source.read = [&, read = source.read](size_t video, const std::vector<int>& indices,
                                        FrameBytes* bytes) {
    if (is_first.exchange(false)) {
      reading.set_value();
      released.wait();
    }
    read(video, indices, bytes);
  };
  BatchRequests requests = TrainingRequests(2, 2);
  requests.clips = [&](int64_t batch) {
    if (batch == 1) {
      released.wait();
    }
    ClipRequest request = RequestOf(batch, 0, 2);
    request.id = fmt::format("v{}", batch);
    return std::vector<ClipRequest>{request};
  };
  BatchLoader loader(requests, source, Options(2, 2));
  const auto state = reading.get_future().wait_for(std::chrono::seconds(60));
  std::future<std::vector<std::string>> in_hand =
      std::async(std::launch::async, [&] { return loader.InHand(); });
  const auto answer = in_hand.wait_for(std::chrono::seconds(60));
  release.set_value();
  EXPECT_EQ(state, std::future_status::ready);
  EXPECT_EQ(answer, std::future_status::ready);
  EXPECT_EQ(in_hand.get(), std::vector<std::string>{"v0"});
  Batch batch;
  EXPECT_TRUE(loader.Next(&batch));
  EXPECT_TRUE(loader.Next(&batch));
  EXPECT_FALSE(loader.Next(&batch));
}

TEST(BatchLoaderTest, EmptyBatchesAndNoBatches) {
  FakeVideos videos(2);
  BatchRequests requests = TrainingRequests(6, 2);
  const auto clips = requests.clips;
  requests.clips = [clips](int64_t batch) {
    return batch % 2 == 0 ? std::vector<ClipRequest>() : clips(batch);
  };
  BatchLoader loader(requests, videos.Source(), Options(3, 2));
  Batch batch;
  for (int64_t b = 0; b < 6; ++b) {
    ASSERT_TRUE(loader.Next(&batch));
    EXPECT_EQ(batch.size(), b % 2 == 0 ? 0 : b % 4 + 1);
  }
  EXPECT_FALSE(loader.Next(&batch));
  BatchLoader nothing(TrainingRequests(0, 2), videos.Source(), Options(2, 2));
  EXPECT_FALSE(nothing.Next(&batch));
}

TEST(BatchLoaderTest, ErrorsOfTheRequestsTravelToo) {
  FakeVideos videos(1);
  BatchRequests requests = TrainingRequests(3, 1);
  requests.clips = [](int64_t) -> std::vector<ClipRequest> { throw UsageError("no such video"); };
  BatchLoader loader(requests, videos.Source(), Options(2, 2));
  Batch batch;
  EXPECT_THROW(loader.Next(&batch), Error);
}

TEST(BatchLoaderTest, CanBeLeftAtAnyMoment) {
  FakeVideos videos(3);
  for (int batches_taken = 0; batches_taken < 4; ++batches_taken) {
    BatchLoader loader(TrainingRequests(1000, 3), videos.Source(), Options(4, 2));
    Batch batch;
    for (int b = 0; b < batches_taken; ++b) {
      ASSERT_TRUE(loader.Next(&batch));
    }
  }
}

// The consumer may still read memory of its own `allocate` after it has returned the batch.
TEST(BatchLoaderTest, MemoryOfTheConsumersChoiceIsNeverUsedTwice) {
  FakeVideos videos(5);
  std::vector<std::shared_ptr<uint8_t>> given;
  std::mutex mutex;  // the loader's threads allocate while this thread reads `given`
  BatchLoaderOptions options = Options(3, 2);
  options.allocate = [&](size_t size_bytes) {
    const std::lock_guard<std::mutex> lock(mutex);
    given.emplace_back(new uint8_t[size_bytes], std::default_delete<uint8_t[]>());
    return given.back();
  };
  Batch batch;
  {
    BatchLoader loader(TrainingRequests(9, 5), videos.Source(), options);
    for (size_t b = 0; loader.Next(&batch); ++b) {
      const std::lock_guard<std::mutex> lock(mutex);
      EXPECT_EQ(batch.pixels.data(), given.at(b).get());
    }
  }
  EXPECT_EQ(given.size(), 9U);
  EXPECT_EQ(given.front().use_count(), 1);  // the loader has released it
}

// The loader has one thread, so the order of its requests is fixed.
TEST(BatchLoaderTest, ReadsABatchInTheOrderOfItsShardsAndAnnouncesItBefore) {
  FakeVideos videos(6);
  FrameSource source = videos.Source();
  using Place = std::pair<size_t, int>;
  std::vector<Place> read;
  std::multiset<Place> announced;  // announced, and not yet read
  int num_announced = 0;
  const auto read_frames = source.read;
  source.read = [&](size_t video, const std::vector<int>& indices, FrameBytes* frames) {
    read.emplace_back(video, indices.front());
    if (const auto it = announced.find(read.back()); it != announced.end()) {
      announced.erase(it);
    }
    read_frames(video, indices, frames);
  };
  source.read_ahead = [&](size_t video, int first, int last) {
    EXPECT_EQ(last, first + kLength - 1);
    announced.emplace(video, first);
    ++num_announced;
  };
  BatchRequests requests = TrainingRequests(5, 6);
  requests.clips = [](int64_t batch) {
    std::vector<ClipRequest> clips;
    for (int64_t i = 0; i < 11; ++i) {
      clips.push_back(RequestOf(batch * 7, i * 5, 6));
    }
    return clips;
  };
  BatchLoader loader(requests, source, Options(1, 2));
  Batch batch;
  while (loader.Next(&batch)) {
  }
  ASSERT_EQ(read.size(), 55U);
  for (size_t begin = 0; begin < read.size(); begin += 11) {
    EXPECT_TRUE(std::is_sorted(read.begin() + begin, read.begin() + begin + 11)) << begin;
  }
  EXPECT_TRUE(announced.empty()) << "announced, but never read";
  EXPECT_GE(num_announced, 50);  // the first clip of a batch may be read without an announcement
}

TEST(BatchLoaderTest, LoadsNoFurtherAheadThanItsRing) {
  FakeVideos videos(2);
  std::atomic<int64_t> last_opened{-1};
  BatchRequests requests = TrainingRequests(50, 2);
  const auto clips = requests.clips;
  requests.clips = [&, clips](int64_t batch) {
    EXPECT_EQ(batch, last_opened + 1);
    last_opened = batch;
    return clips(batch);
  };
  BatchLoader loader(requests, videos.Source(), Options(3, 4));
  Batch batch;
  for (int64_t b = 0; b < 20; ++b) {
    ASSERT_TRUE(loader.Next(&batch));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_LE(last_opened.load(), b + 4);
  }
}

}  // namespace
}  // namespace reel3d::test
