// SPDX-License-Identifier: Apache-2.0
#include "lib/loader/epoch_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/loader/sampler.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using Name = std::pair<std::string, int>;

std::vector<IndexedVideo> MakeVideos(int count) {
  std::vector<IndexedVideo> videos(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    videos[static_cast<size_t>(i)].id = "video_" + std::to_string(i);
    videos[static_cast<size_t>(i)].subset = i % 4 == 3 ? Subset::kValidation : Subset::kTraining;
    videos[static_cast<size_t>(i)].num_frames = 16;
  }
  return videos;
}

// Shards hold the videos in the given order, ten in each.
VideoIndex IndexOf(std::vector<IndexedVideo> videos) {
  for (size_t i = 0; i < videos.size(); ++i) {
    videos[i].shard = static_cast<int>(i / 10);
    videos[i].video_index = static_cast<int>(i % 10);
  }
  return VideoIndex(videos);
}

std::vector<Name> OrderByName(const VideoIndex& videos, const EpochOrderOptions& options) {
  EpochOrder order(videos, options);
  std::vector<Name> names;
  for (int64_t place = 0; place < order.size(); ++place) {
    const Sample sample = order.At(place);
    names.emplace_back(videos[sample.video].id, sample.repetition);
  }
  return names;
}

EpochOrderOptions Epoch(uint64_t seed, int64_t epoch, int clips_per_video) {
  EpochOrderOptions options;
  options.seed = seed;
  options.epoch = epoch;
  options.clips_per_video = clips_per_video;
  return options;
}

// The definition: all keys, sorted.
std::vector<Name> FullSort(const VideoIndex& videos, const EpochOrderOptions& options) {
  std::vector<std::tuple<uint64_t, std::string, int>> keyed;
  for (const IndexedVideo& video : videos) {
    for (int i = 0; video.subset == options.subset && i < options.clips_per_video; ++i) {
      Rng rng(options.seed ^ StableHash("epoch order"), static_cast<uint64_t>(options.epoch),
              StableHash(video.id), static_cast<uint64_t>(i));
      keyed.emplace_back(rng.Next(), video.id, i);
    }
  }
  std::sort(keyed.begin(), keyed.end());
  std::vector<Name> names;
  for (const auto& [key, id, repetition] : keyed) {
    names.emplace_back(id, repetition);
  }
  return names;
}

// From tests/golden/make_epoch_order_golden.py.
TEST(EpochOrderTest, EqualsAnIndependentImplementation) {
  const std::vector<Name> order = OrderByName(IndexOf(MakeVideos(8)), Epoch(7, 3, 2));
  EXPECT_THAT(order, testing::ElementsAreArray(std::vector<Name>{{"video_5", 0},
                                                                 {"video_6", 1},
                                                                 {"video_4", 1},
                                                                 {"video_1", 0},
                                                                 {"video_0", 1},
                                                                 {"video_1", 1},
                                                                 {"video_2", 0},
                                                                 {"video_6", 0},
                                                                 {"video_5", 1},
                                                                 {"video_0", 0},
                                                                 {"video_4", 0},
                                                                 {"video_2", 1}}));
  std::string text;
  for (const auto& [id, repetition] : OrderByName(IndexOf(MakeVideos(3000)), Epoch(1, 0, 1))) {
    text += id + " " + std::to_string(repetition) + "\n";
  }
  EXPECT_EQ(Crc32(text.data(), text.size()), 0x66A3788BU);
}

TEST(EpochOrderTest, EqualsTheFullSortWithAnyBucketsAndKeyBits) {
  for (const int count : {1, 2, 40, 1023, 1025, 3000}) {
    const VideoIndex videos = IndexOf(MakeVideos(count));
    for (const int64_t bucket_samples : {1, 9, 300, 1 << 20}) {
      for (const int kept_key_bits : {64, 11, 1}) {
        EpochOrderOptions options = Epoch(5, 2, count < 2000 ? 3 : 1);
        options.bucket_samples = bucket_samples;
        options.kept_key_bits = kept_key_bits;
        ASSERT_EQ(OrderByName(videos, options), FullSort(videos, options))
            << count << " videos, buckets of " << bucket_samples << ", " << kept_key_bits
            << " bits";
      }
    }
  }
}

TEST(EpochOrderTest, PlacesMayBeAskedForInAnyOrderByManyThreads) {
  const VideoIndex videos = IndexOf(MakeVideos(2000));
  EpochOrderOptions options = Epoch(1, 4, 1);
  const std::vector<Name> expected = OrderByName(videos, options);
  options.bucket_samples = 100;
  EpochOrder order(videos, options);
  std::atomic<int> num_equal{0};
  const auto compare = [&](int64_t place, const Sample& sample) {
    const Name name = {videos[sample.video].id, sample.repetition};
    num_equal += name == expected[static_cast<size_t>(place)] ? 1 : 0;
  };
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int64_t place = thread; place < order.size(); place += 4) {
        compare(place, order.At(place));
        const int64_t other = (place * 7 + order.size() / 2) % order.size();
        compare(other, order.AtOther(other));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(num_equal, 2 * order.size());
  compare(3, order.At(3));  // back to the beginning
  EXPECT_EQ(num_equal, 2 * order.size() + 1);
}

TEST(EpochOrderTest, EveryClipOnceAnEpochInAnOrderOfItsOwn) {
  const VideoIndex videos = IndexOf(MakeVideos(100));
  const std::vector<Name> first = OrderByName(videos, Epoch(1, 0, 3));
  EXPECT_EQ(first.size(), 225U);
  EXPECT_EQ(std::set<Name>(first.begin(), first.end()).size(), 225U);
  EXPECT_EQ(first, OrderByName(videos, Epoch(1, 0, 3)));
  EXPECT_NE(first, OrderByName(videos, Epoch(1, 1, 3)));
  EXPECT_NE(first, OrderByName(videos, Epoch(2, 0, 3)));
  std::vector<Name> sorted = first;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_NE(first, sorted);
}

TEST(EpochOrderTest, TheManifestsOrderChangesNothing) {
  std::vector<IndexedVideo> videos = MakeVideos(60);
  EpochOrderOptions options = Epoch(5, 2, 2);
  options.bucket_samples = 10;
  const std::vector<Name> order = OrderByName(IndexOf(videos), options);
  std::reverse(videos.begin(), videos.end());
  EXPECT_EQ(OrderByName(IndexOf(videos), options), order);
  std::rotate(videos.begin(), videos.begin() + 17, videos.end());
  EXPECT_EQ(OrderByName(IndexOf(videos), options), order);
}

TEST(EpochOrderTest, PositionsAreUniform) {
  // Count the places at which the first of 8 videos comes in 8000 epochs.
  std::vector<IndexedVideo> made = MakeVideos(8);
  for (IndexedVideo& video : made) {
    video.subset = Subset::kTraining;
  }
  const VideoIndex videos = IndexOf(made);
  std::vector<int> counts(8);
  for (int epoch = 0; epoch < 8000; ++epoch) {
    EpochOrder order(videos, Epoch(1, epoch, 1));
    for (int64_t place = 0; place < order.size(); ++place) {
      counts[static_cast<size_t>(place)] += order.At(place).video == 0 ? 1 : 0;
    }
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, 1000, 130);
  }
}

// Returns an index of 60 videos, of which 45 are for training. Its header is sealed, but counts
// `moved` of these as videos for validation.
VideoIndex Miscounted(const test::TemporaryFolder& folder, uint64_t moved) {
  std::vector<IndexedVideo> videos = MakeVideos(60);
  for (size_t i = 0; i < videos.size(); ++i) {
    videos[i].video_index = static_cast<int>(i);
    videos[i].label = 0;
  }
  std::string image = FormatIndexImage(videos, {});
  IndexHeader header;
  std::memcpy(&header, image.data(), sizeof header);
  header.in_subset[0] -= moved;
  header.in_subset[1] += moved;
  header.header_crc32 = 0;
  header.header_crc32 = Crc32(&header, sizeof header);
  std::memcpy(image.data(), &header, sizeof header);
  WriteFileAtomically(folder / kIndexImageFile, image);
  return VideoIndex(folder / kIndexImageFile);
}

// The second round asks an object that has failed before.
TEST(EpochOrderTest, AHeaderThatCountsOtherRowsIsNamed) {
  const test::TemporaryFolder folder;
  for (const int64_t bucket_samples : {1000, 10}) {
    EpochOrderOptions options = Epoch(1, 0, 1);
    options.bucket_samples = bucket_samples;
    EpochOrder order(Miscounted(folder, 2), options);
    EXPECT_EQ(order.size(), 43);
    for (int round = 0; round < 2; ++round) {
      for (const auto take : {&EpochOrder::At, &EpochOrder::AtOther}) {
        try {
          (order.*take)(5);
          ADD_FAILURE() << "nothing was thrown";
        } catch (const Error& error) {
          EXPECT_EQ(error.kind(), ErrorKind::kInput);
          EXPECT_THAT(error.what(), AllOf(HasSubstr((folder / kIndexImageFile).string()),
                                          HasSubstr("its header counts 43 clips and its rows 45"),
                                          HasSubstr("remove it")));
        }
      }
    }
    EXPECT_EQ(OrderByName(Miscounted(folder, 0), options).size(), 45U);
  }
}

}  // namespace
}  // namespace reel3d
