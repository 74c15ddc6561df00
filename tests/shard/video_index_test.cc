// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/video_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/shard/shard_set.h"
#include "tests/base/mapped_kib.h"
#include "tests/message_of.h"
#include "tests/shard/small_shard.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using test::MessageOf;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Videos with every kind of value, over several blocks and shards.
std::vector<IndexedVideo> MakeVideos(size_t count) {
  std::vector<IndexedVideo> videos;
  for (size_t i = 0; i < count; ++i) {
    IndexedVideo video;
    const bool first = videos.empty() || (i % 7 == 0 && i % 3 != 0);
    video.shard = videos.empty() ? 4 : videos.back().shard + (first ? 1 + static_cast<int>(i) : 0);
    video.video_index = first ? 0 : videos.back().video_index + 1;
    video.id = std::string(i % 50, 'x') + "-\xC3\xA4-" + std::to_string(i);
    video.label = static_cast<int>(i % 9) - 1;
    video.subset = static_cast<Subset>(i % 3);
    video.num_frames = i == 1 ? std::numeric_limits<int>::max() : static_cast<int>(i) + 1;
    video.fps = i % 4 == 0 ? 0 : 30000.0 / (1001 + static_cast<double>(i));
    videos.push_back(video);
  }
  return videos;
}

void ExpectSame(const VideoIndex& index, const std::vector<IndexedVideo>& videos) {
  ASSERT_EQ(index.size(), videos.size());
  size_t i = 0;
  for (const IndexedVideo& video : index) {
    const IndexedVideo& expected = videos[i++];
    ASSERT_EQ(video.shard, expected.shard);
    ASSERT_EQ(video.video_index, expected.video_index);
    ASSERT_EQ(video.id, expected.id);
    ASSERT_EQ(video.label, expected.label);
    ASSERT_EQ(video.subset, expected.subset);
    ASSERT_EQ(video.num_frames, expected.num_frames);
    ASSERT_EQ(video.fps, expected.fps);
  }
}

constexpr size_t kMapAll = 0;  // most_read_bytes

class VideoIndexTest : public ::testing::Test {
 protected:
  // Writes both forms of an index.
  void Write(const std::vector<IndexedVideo>& videos) {
    WriteIndex(folder_ / "index.tsv", videos);
    WriteIndexImage(
        image_, videos.size(), [&](size_t row) { return videos[row]; },
        SumOfFile(folder_ / "index.tsv"));
  }
  // Does not wait for the disk, as there are thousands of damaged files.
  void WriteDamaged(std::string_view bytes) const {
    std::ofstream(image_, std::ios::binary) << bytes;
  }
  test::TemporaryFolder folder_;
  const fs::path image_ = folder_ / kIndexImageFile;
};

TEST_F(VideoIndexTest, HasTheRowsOfTheTable) {
  for (const size_t count : {0, 1, 2, 1023, 1024, 1025, 5000}) {
    const std::vector<IndexedVideo> videos = MakeVideos(count);
    Write(videos);
    const VideoIndex index(image_);
    ExpectSame(index, ReadIndex(folder_ / "index.tsv"));
    ExpectSame(index, videos);
    ExpectSame(VideoIndex(videos), videos);
    ExpectSame(VideoIndex(image_, kMapAll), videos);
    index.Verify();
    EXPECT_EQ(index.table(), SumOfFile(folder_ / "index.tsv"));
    EXPECT_EQ(ReadFile(image_), FormatIndexImage(videos, index.table()));
    const auto count_of = [&](auto condition) {
      return std::count_if(videos.begin(), videos.end(), condition);
    };
    EXPECT_EQ(index.Count(Subset::kTesting),
              count_of([](const IndexedVideo& video) { return video.subset == Subset::kTesting; }));
    EXPECT_EQ(index.CountUnlabelled(Subset::kTraining), count_of([](const IndexedVideo& video) {
                return video.subset == Subset::kTraining && video.label < 0;
              }));
    EXPECT_EQ(index.num_labels(), count == 0 ? 0 : std::min<int>(static_cast<int>(count) - 1, 8));
    EXPECT_EQ(index.shards().size(), static_cast<size_t>(count_of([](const IndexedVideo& video) {
                return video.video_index == 0;
              })));
    for (size_t i = 0; i < count; i += 97) {
      EXPECT_EQ(index.Find(videos[i].id), i);
    }
    EXPECT_EQ(index.Find("nowhere"), std::nullopt);
  }
}

// docs/reference/formats.md states these sizes.
TEST_F(VideoIndexTest, TakesThirtyTwoBytesAVideoAndItsId) {
  const std::vector<IndexedVideo> videos = MakeVideos(3000);
  Write(videos);
  size_t ids_bytes = 0;
  for (const IndexedVideo& video : videos) {
    ids_bytes += video.id.size();
  }
  EXPECT_EQ(fs::file_size(image_),
            104 + 16 * VideoIndex(image_).shards().size() + 16 * 3 + 32 * 3000 + ids_bytes);
}

TEST_F(VideoIndexTest, AFileThatEndsEarlyOrLateIsRefusedAtOnce) {
  Write(MakeVideos(20));
  const std::string sound = ReadFile(image_);
  for (size_t size = 0; size < sound.size(); ++size) {
    WriteDamaged(std::string_view(sound).substr(0, size));
    for (const size_t most_read_bytes : {kMapAll, kMostReadBytes}) {
      ASSERT_THAT(MessageOf([&] { VideoIndex index(image_, most_read_bytes); }),
                  AllOf(HasSubstr(image_.string()), HasSubstr("remove it")))
          << size;
    }
  }
  WriteFileAtomically(image_, sound + "x");
  EXPECT_THAT(MessageOf([&] { VideoIndex index(image_); }), HasSubstr("bytes instead of"));
}

// No flipped bit changes what is read: it is found when the file is opened or the row is read.
TEST_F(VideoIndexTest, EveryFlippedBitIsFound) {
  const std::vector<IndexedVideo> videos = MakeVideos(12);
  Write(videos);
  const std::string sound = ReadFile(image_);
  for (size_t at = 0; at < sound.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = sound;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      WriteDamaged(flipped);
      const std::string message = MessageOf([&] {
        for (const IndexedVideo& video : VideoIndex(image_, bit % 2 * kMostReadBytes)) {
          EXPECT_FALSE(video.id.empty());
        }
      });
      ASSERT_THAT(message, AllOf(HasSubstr(image_.string()), HasSubstr("pack-shards")))
          << "byte " << at << ", bit " << bit;
    }
  }
}

TEST_F(VideoIndexTest, DamageInOneBlockLeavesTheOthers) {
  const std::vector<IndexedVideo> videos = MakeVideos(3000);
  Write(videos);
  const size_t shards = VideoIndex(image_).shards().size();
  std::string bytes = ReadFile(image_);
  const size_t records = 104 + 16 * shards + 16 * 3;
  bytes[records + 32 * 1024 + 20] ^= 1;  // num_frames of video 1024
  WriteFileAtomically(image_, bytes);
  const VideoIndex index(image_);
  EXPECT_EQ(index[1023].id, videos[1023].id);
  EXPECT_EQ(index[2048].num_frames, videos[2048].num_frames);
  for (const size_t video : {size_t{1024}, size_t{2047}}) {
    EXPECT_THAT(MessageOf([&] { (void)index[video]; }),
                HasSubstr("its videos 1024 to 2047 are damaged"));
  }
  EXPECT_THAT(MessageOf([&] { index.Verify(); }), HasSubstr("damaged"));
  EXPECT_THAT(MessageOf([&] { (void)index.Find("nowhere"); }), HasSubstr("damaged"));
}

// Checksums find accidents. These files have right checksums, as a hostile one would.
TEST_F(VideoIndexTest, ValuesOutOfRangeAreRefused) {
  const auto with = [&](auto change) {
    std::vector<IndexedVideo> videos = MakeVideos(3);
    change(videos[1]);
    return MessageOf([&] { (void)VideoIndex(videos)[1]; });
  };
  EXPECT_EQ(with([](IndexedVideo& /*video*/) {}), "nothing was thrown");
  EXPECT_THAT(with([](IndexedVideo& video) { video.num_frames = 0; }), HasSubstr("damaged"));
  EXPECT_THAT(with([](IndexedVideo& video) { video.label = -2; }), HasSubstr("damaged"));
  EXPECT_THAT(with([](IndexedVideo& video) { video.label = std::numeric_limits<int>::max(); }),
              HasSubstr("damaged"));
  EXPECT_THAT(with([](IndexedVideo& video) { video.fps = std::nan(""); }), HasSubstr("damaged"));
  EXPECT_THAT(with([](IndexedVideo& video) { video.fps = -1; }), HasSubstr("damaged"));
  EXPECT_THAT(with([](IndexedVideo& video) { video.id = "a/b"; }), HasSubstr("id"));
  EXPECT_THAT(with([](IndexedVideo& video) { video.id = ""; }), HasSubstr("id"));
  EXPECT_THAT(with([](IndexedVideo& video) { video.id.assign(181, 'x'); }), HasSubstr("damaged"));
}

TEST_F(VideoIndexTest, AFolderOrALostFileIsRefusedWithARemedy) {
  for (const bool is_folder : {false, true}) {
    if (is_folder) {
      fs::create_directory(image_);
    }
    for (const size_t most_read_bytes : {kMapAll, kMostReadBytes}) {
      EXPECT_THAT(MessageOf([&] { VideoIndex index(image_, most_read_bytes); }),
                  AllOf(HasSubstr(image_.string()), HasSubstr("remove it")));
    }
  }
}

TEST_F(VideoIndexTest, OnlyALargeImageIsMapped) {
  Write(MakeVideos(3000));
  {
    const VideoIndex read(image_);
    (void)read[0];
    EXPECT_FALSE(test::MappedKib(image_).has_value());
  }
  const VideoIndex mapped(image_, fs::file_size(image_) - 1);
  (void)mapped[0];
  EXPECT_TRUE(test::MappedKib(image_).has_value());
}

TEST_F(VideoIndexTest, PagesOfALargeImageAreLetGo) {
  const std::vector<IndexedVideo> videos = MakeVideos(30000);
  Write(videos);
  const auto records_kib = static_cast<int64_t>(videos.size() * sizeof(IndexRecord) / 1024);
  const VideoIndex index(image_, kMapAll);
  size_t num_scanned = 0;
  index.Scan([&](size_t /*video*/, const IndexRecord& /*record*/) { ++num_scanned; });
  EXPECT_EQ(num_scanned, videos.size());
  // The header and the small tables may stay, and pages that the system maps around those in use.
  EXPECT_LT(test::MappedKib(image_).value(), records_kib / 2);
  for (size_t i = 0; i < 256 * 20; ++i) {
    (void)index[i * 5];
  }
  EXPECT_LT(test::MappedKib(image_).value(), records_kib / 2);
  ExpectSame(index, videos);
}

TEST_F(VideoIndexTest, AnIndexMadeOfATableNamesIt) {
  std::vector<IndexedVideo> videos = MakeVideos(3);
  videos[1].fps = -1;
  EXPECT_THAT(MessageOf([&] { (void)VideoIndex(videos, {}, folder_ / "index.tsv")[1]; }),
              AllOf(HasSubstr((folder_ / "index.tsv").string()), HasSubstr("pack the shards again"),
                    Not(HasSubstr("remove"))));
}

class ImageBesideTableTest : public ::testing::Test {
 protected:
  ImageBesideTableTest() {
    test::WriteSmallShards(folder_.path());
    videos_ = ReadIndex(folder_ / "index.tsv");
    WriteImage(videos_);
  }
  void WriteImage(const std::vector<IndexedVideo>& videos) {
    WriteIndexImage(
        folder_ / kIndexImageFile, videos.size(), [&](size_t row) { return videos[row]; },
        SumOfFile(folder_ / "index.tsv"));
  }
  std::string Opening() const {
    return MessageOf([&] { ShardSet shards(folder_.path()); });
  }
  test::TemporaryFolder folder_;
  std::vector<IndexedVideo> videos_;
};

TEST_F(ImageBesideTableTest, ShardsAreTheSameWithBothForms) {
  const ShardSet with(folder_.path());
  fs::remove(folder_ / kIndexImageFile);
  const ShardSet without(folder_.path());
  EXPECT_EQ(with.fingerprint(), without.fingerprint());
  ExpectSame(with.videos(), videos_);
  ExpectSame(without.videos(), videos_);
  std::vector<uint8_t> a, b;
  with.ReadFrame(3, 4, &a);
  without.ReadFrame(3, 4, &b);
  EXPECT_EQ(a, b);
}

TEST_F(ImageBesideTableTest, AnImageOfAnotherTableIsRefused) {
  std::vector<IndexedVideo> other = videos_;
  other[0].subset = Subset::kTesting;
  WriteIndex(folder_ / "index.tsv", other);
  WriteFileAtomically(folder_ / "DONE", FormatTableChecksums(folder_.path()));
  EXPECT_THAT(Opening(), AllOf(HasSubstr("index.bin"), HasSubstr("another index.tsv"),
                               HasSubstr("remove it")));
  fs::remove(folder_ / kIndexImageFile);
  EXPECT_EQ(Opening(), "nothing was thrown");
}

TEST_F(ImageBesideTableTest, AnEditedOrLostTableIsNoticedBesideASoundImage) {
  const std::string sound = ReadFile(folder_ / "index.tsv");
  WriteFileAtomically(folder_ / "index.tsv", sound + "x");
  EXPECT_THAT(Opening(), HasSubstr("index.tsv: is not what pack-shards wrote"));
  std::string same_size = sound;
  same_size[same_size.size() - 2] = '6';
  WriteFileAtomically(folder_ / "index.tsv", same_size);
  EXPECT_THAT(Opening(), HasSubstr("index.tsv: is not what pack-shards wrote"));
  fs::remove(folder_ / "index.tsv");
  EXPECT_THAT(Opening(), HasSubstr("index.tsv"));
}

// A folder of an older version, whose DONE is empty: nothing says which table is the right one.
TEST_F(ImageBesideTableTest, WithoutChecksumsTheTableIsRead) {
  WriteFileAtomically(folder_ / "DONE", "");
  WriteFileAtomically(folder_ / kIndexImageFile, "nonsense");
  EXPECT_EQ(Opening(), "nothing was thrown");
}

TEST_F(ImageBesideTableTest, RowsThatDifferFromTheTableAreFoundByVerify) {
  const ShardSet sound(folder_.path());
  sound.RequireSoundIndex();
  std::vector<IndexedVideo> other = videos_;
  other[1].fps = 24;
  WriteImage(other);
  const ShardSet shards(folder_.path());
  EXPECT_THAT(MessageOf([&] { shards.RequireSoundIndex(); }),
              HasSubstr("not those of its index.tsv"));
}

}  // namespace
}  // namespace reel3d
