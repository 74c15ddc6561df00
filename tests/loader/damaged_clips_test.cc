// SPDX-License-Identifier: Apache-2.0
// Damaged frames: only the clips that need them are lost, and other clips replace these.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/frames/frame_decoder.h"
#include "tests/loader/fake_videos.h"

namespace reel3d::test {
namespace {

using testing::HasSubstr;
TEST(DamagedClipsTest, ABadFrameIsReportedWhenItsBatchIsDue) {
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

TEST(DamagedClipsTest, ADamagedClipIsReplacedAndReported) {
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
  requests.crop = [](const ClipRequest& /*clip*/, FrameSize frame, Rng& rng) {
    return DrawCrop(SmallCrops(), frame, rng);
  };
  // Videos 2 and 3 are damaged. 2 is replaced by 3, then by 4; 3 is replaced by 4.
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

TEST(DamagedClipsTest, WithoutAReplacementTheClipIsOnlyReported) {
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
    if (endless) {  // every replacement is the same damaged clip
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

// The clips are crops of two windows, and only the first window holds the damaged frame.
TEST(DamagedClipsTest, EachCropOfADamagedWindowIsReported) {
  FakeVideos videos(1);
  videos.Damage(0, 1);
  std::vector<ClipRequest> clips;
  for (const Clip& clip : SlidingClips(kNumFrames - 1, {kLength, 1}, kLength, TailRule::kLoop)) {
    for (int crop = 0; crop < 3; ++crop) {
      clips.push_back({0, 0, clip, Rng(0), crop});
    }
  }
  BatchRequests requests = BatchesOf(clips, 6);
  requests.crop = [](const ClipRequest& clip, FrameSize frame, Rng&) {
    return ScoringCrops(frame, kSize, {ScoringCrop::kThree, 0}).at(static_cast<size_t>(clip.crop));
  };
  BatchLoaderOptions options = Options(2, 1);
  options.bad_clips = BadClips::kReport;
  BatchLoader loader(requests, videos.Source(), options);
  Batch batch;
  ASSERT_TRUE(loader.Next(&batch));
  ASSERT_EQ(batch.faults.size(), 3U);
  for (size_t crop = 0; crop < 3; ++crop) {
    EXPECT_EQ(batch.faults[crop].clip, crop);
    EXPECT_NE(batch.faults[crop].reason.find("frame 1"), std::string::npos);
  }
  options.bad_clips = BadClips::kThrow;
  BatchLoader throwing(requests, videos.Source(), options);
  EXPECT_THROW(throwing.Next(&batch), Error);
}

}  // namespace
}  // namespace reel3d::test
