// SPDX-License-Identifier: Apache-2.0
#include "lib/loader/batch_loader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/shard/frame_decoder.h"
#include "tests/shard/jpeg_pictures.h"

namespace reel3d {
namespace {

using testing::HasSubstr;

constexpr FrameSize kFrame = {64, 48};
constexpr int kLength = 4;
constexpr int kSize = 24;
constexpr int kNumFrames = 9;

// Videos in memory: each has kNumFrames frames.
class FakeVideos {
 public:
  explicit FakeVideos(int count) {
    for (int i = 0; i < count * kNumFrames; ++i) {
      frames_.push_back(test::MakeJpeg(kFrame, i));
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

CropOptions SmallCrops() {
  CropOptions options;
  options.size = kSize;
  return options;
}

ClipRequest RequestOf(int64_t batch, int64_t i, size_t num_videos) {
  ClipRequest request;
  request.video = static_cast<size_t>(batch * 3 + i) % num_videos;
  request.label = static_cast<int>(batch * 100 + i);
  Rng rng(1, static_cast<uint64_t>(batch), static_cast<uint64_t>(i));
  request.clip = RandomClip(kNumFrames, {kLength, 1}, true, rng);
  request.crop_rng = rng;
  return request;
}

// Batch b holds b % 4 + 1 clips.
BatchRequests TrainingRequests(int64_t num_batches, size_t num_videos) {
  BatchRequests requests;
  requests.num_batches = num_batches;
  requests.clips = [num_videos](int64_t batch) {
    std::vector<ClipRequest> clips;
    for (int64_t i = 0; i <= batch % 4; ++i) {
      clips.push_back(RequestOf(batch, i, num_videos));
    }
    return clips;
  };
  requests.crop = [](FrameSize frame, Rng& rng) { return DrawCrop(SmallCrops(), frame, rng); };
  return requests;
}

BatchLoaderOptions Options(int threads, int batches_ahead) {
  return {kLength, kSize, threads, batches_ahead};
}

constexpr size_t kClipBytes = size_t{3} * kLength * kSize * kSize;

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
        EXPECT_GE(batch.wait_s, 0);
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
  requests.crop = [](FrameSize frame, Rng&) { return CenterCrop(frame, kSize); };
  BatchLoader loader(requests, videos.Source(), Options(2, 1));
  Batch batch;
  ASSERT_TRUE(loader.Next(&batch));
  ASSERT_EQ(batch.size(), 3);
  EXPECT_EQ(batch.clips[2].clip.frames, (std::vector<int>{8, 8, 8, 8}));
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

TEST(BatchLoaderTest, ABadFrameIsReportedWhenItsBatchIsDue) {
  FakeVideos videos(4);
  videos.Damage(2, 5);
  BatchRequests requests = TrainingRequests(8, 4);
  const auto clips = requests.clips;
  requests.clips = [clips](int64_t batch) {
    std::vector<ClipRequest> result = clips(batch);
    if (batch == 5) {
      ClipRequest bad = result[0];
      bad.video = 2;
      bad.clip.frames = {3, 4, 5, 6};
      result = {result[0], bad, bad};
    }
    for (ClipRequest& request : result) {
      if (batch != 5) {
        request.video = 1;
      }
    }
    return result;
  };
  for (const int threads : {1, 4}) {
    BatchLoader loader(requests, videos.Source(), Options(threads, 3));
    Batch batch;
    for (int b = 0; b < 5; ++b) {
      ASSERT_TRUE(loader.Next(&batch));
    }
    for (int call = 0; call < 2; ++call) {
      try {
        loader.Next(&batch);
        ADD_FAILURE() << "no error";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kInput);
        EXPECT_THAT(error.what(), HasSubstr("shard 0, video v2: frame 5: "));
      }
    }
  }
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

TEST(BatchLoaderTest, ADamagedClipIsReplacedAndReported) {
  FakeVideos videos(5);
  for (int frame = 0; frame < kNumFrames; ++frame) {
    videos.Damage(2, frame);
    videos.Damage(3, frame);
  }
  const FrameSource source = videos.Source();
  BatchRequests requests;
  requests.num_batches = 6;
  const auto clip_of = [](size_t video, uint64_t key) {
    Rng rng(9, key);
    Clip clip = RandomClip(kNumFrames, {kLength, 1}, true, rng);
    return ClipRequest{video, static_cast<int>(video), std::move(clip), rng};
  };
  requests.clips = [&](int64_t batch) {  // videos 0 to 4
    std::vector<ClipRequest> clips;
    for (size_t i = 0; i < 5; ++i) {
      clips.push_back(clip_of(i, static_cast<uint64_t>(batch)));
    }
    return clips;
  };
  requests.crop = [](FrameSize frame, Rng& rng) { return DrawCrop(SmallCrops(), frame, rng); };
  // 2 -> 3, which is damaged too, -> 4; 3 -> 4.
  requests.replacement = [&](int64_t batch, size_t clip, int attempt) {
    return clip_of(clip + static_cast<size_t>(attempt), static_cast<uint64_t>(batch) * 100);
  };
  std::vector<std::vector<uint8_t>> first_pixels;
  for (const int threads : {1, 4}) {
    BatchLoaderOptions options = Options(threads, 3);
    options.bad_clips = BadClips::kReport;
    BatchLoader loader(requests, source, options);
    Batch batch;
    for (size_t b = 0; loader.Next(&batch); ++b) {
      ASSERT_EQ(batch.size(), 5);
      EXPECT_EQ(batch.clips[2].video, 4U);
      EXPECT_EQ(batch.clips[3].label, 4);
      ASSERT_EQ(batch.faults.size(), 3U);
      const std::vector<std::pair<size_t, size_t>> expected = {{2, 2}, {2, 3}, {3, 3}};
      for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(std::pair(batch.faults[i].clip, batch.faults[i].video), expected[i]);
        EXPECT_TRUE(batch.faults[i].replaced);
        EXPECT_THAT(batch.faults[i].reason, HasSubstr(fmt::format("v{}", expected[i].second)));
      }
      // Both replacements of this batch are the same clip.
      const auto clip = batch.pixels.begin() + 2 * kClipBytes;
      EXPECT_TRUE(std::equal(clip, clip + kClipBytes, clip + kClipBytes));
      if (threads == 1) {
        first_pixels.emplace_back(batch.pixels.begin(), batch.pixels.end());
      } else {
        EXPECT_TRUE(std::equal(batch.pixels.begin(), batch.pixels.end(), first_pixels.at(b).begin(),
                               first_pixels.at(b).end()));
      }
    }
    EXPECT_EQ(first_pixels.size(), 6U);
  }
}

// Such memory may still be read when its batch has been given back.
TEST(BatchLoaderTest, MemoryOfTheConsumersChoiceIsNeverUsedTwice) {
  FakeVideos videos(5);
  std::vector<std::shared_ptr<uint8_t>> given;
  BatchLoaderOptions options = Options(3, 2);
  options.allocate = [&](size_t size_bytes) {
    given.emplace_back(new uint8_t[size_bytes], std::default_delete<uint8_t[]>());
    return given.back();
  };
  Batch batch;
  {
    BatchLoader loader(TrainingRequests(9, 5), videos.Source(), options);
    for (size_t b = 0; loader.Next(&batch); ++b) {
      EXPECT_EQ(batch.pixels.data(), given.at(b).get());
    }
  }
  EXPECT_EQ(given.size(), 9U);
  EXPECT_EQ(given.front().use_count(), 1);  // let go of
}

TEST(BatchLoaderTest, WithoutAReplacementTheClipIsOnlyReported) {
  FakeVideos videos(1);
  videos.Damage(0, 0);
  BatchRequests requests = TrainingRequests(1, 1);
  requests.clips = [](int64_t) {
    return std::vector<ClipRequest>{
        {0, 0, EvenClips(kNumFrames, {kLength, 1}, 1, true).at(0), Rng(0)}};
  };
  BatchLoaderOptions options = Options(2, 1);
  options.bad_clips = BadClips::kReport;
  for (const bool endless : {false, true}) {
    if (endless) {  // every replacement is as bad
      requests.replacement = [clips = requests.clips](int64_t batch, size_t clip, int /*attempt*/) {
        return clips(batch).at(clip);
      };
    }
    BatchLoader loader(requests, videos.Source(), options);
    Batch batch;
    ASSERT_TRUE(loader.Next(&batch));
    ASSERT_FALSE(batch.faults.empty());
    EXPECT_EQ(batch.faults.size() > 1, endless);
    EXPECT_FALSE(batch.faults.back().replaced);
  }
}

// One thread: what it asks for, in order.
TEST(BatchLoaderTest, ReadsABatchInTheOrderOfItsShardsAndAnnouncesItBefore) {
  FakeVideos videos(6);
  FrameSource source = videos.Source();
  using Place = std::pair<size_t, int>;
  std::vector<Place> read;
  std::vector<Place> announced;
  const auto read_frames = source.read;
  source.read = [&](size_t video, const std::vector<int>& indices, FrameBytes* frames) {
    read.emplace_back(video, indices.front());
    read_frames(video, indices, frames);
  };
  source.read_ahead = [&](size_t video, int first, int last) {
    EXPECT_EQ(last, first + kLength - 1);
    announced.emplace_back(video, first);
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
  // All but the first ones, which are read at once.
  EXPECT_GT(announced.size(), 45U);
  EXPECT_TRUE(std::is_permutation(announced.begin(), announced.end(),
                                  read.end() - static_cast<ptrdiff_t>(announced.size())));
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
}  // namespace reel3d
