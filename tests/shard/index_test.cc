// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/shard/shard_set.h"
#include "tests/message_of.h"
#include "tests/shard/small_shard.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using test::MessageOf;
using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kHeader = "shard\tvideo_index\tid\tlabel_index\tsubset\tnum_frames\tfps\n";
const std::string kIndex = kHeader +
                           "7\t0\tfirst\t1\ttraining\t5\t29.97002997002997\n"
                           "7\t1\tsecond\t-1\ttesting\t1\t29.97002997002997\n"
                           "7\t2\tthird\t0\tvalidation\t3\t29.97002997002997\n";

class ShardSetTest : public ::testing::Test {
 protected:
  ShardSetTest() : shard_(test::MakeSmallShard()) {
    test::WriteShard(folder_ / "00007.h5", shard_);
    Write("index.tsv", kIndex);
    WriteShardList(folder_ / "shards.tsv", {{7, ContentUuid(shard_.table)}});
    Write("classes.txt", "jump\nwave\n");
    Write("DONE", "");
  }
  void Write(const std::string& name, const std::string& text) {
    WriteFileAtomically(folder_ / name, text);
  }
  test::TemporaryFolder folder_;
  const test::SmallShard shard_;
};

TEST_F(ShardSetTest, IndexReadsBackTheSame) {
  const std::vector<IndexedVideo> videos = ReadIndex(folder_ / "index.tsv");
  ASSERT_EQ(videos.size(), 3U);
  EXPECT_EQ(videos[2].shard, 7);
  EXPECT_EQ(videos[2].video_index, 2);
  EXPECT_EQ(videos[2].id, "third");
  EXPECT_EQ(videos[2].subset, Subset::kValidation);
  EXPECT_EQ(videos[1].label, -1);
  EXPECT_EQ(videos[1].num_frames, 1);
  EXPECT_EQ(videos[1].fps, 30000.0 / 1001);
  WriteIndex(folder_ / "again.tsv", videos);
  EXPECT_EQ(ReadFile(folder_ / "again.tsv"), kIndex);
}

TEST_F(ShardSetTest, BadIndexRowsAreNamed) {
  for (const auto& [row, complaint] : std::vector<std::pair<std::string, std::string>>{
           {"7\t0\tx\t0\ttraining\t5", "6 fields instead of 7"},
           {"7\t4\tx\t0\ttraining\t5\t25", "out of order"},
           {"8\t1\tx\t0\ttraining\t5\t25", "out of order"},
           {"6\t0\tx\t0\ttraining\t5\t25", "out of order"},
           {"8\t0\tfirst\t0\ttraining\t5\t25", "'first' stands in line 2 already"},
           {"8\t0\tx/y\t0\ttraining\t5\t25", "slash"},
           {"8\t0\tx\t-2\ttraining\t5\t25", "label_index"},
           {"8\t0\tx\t2147483647\ttraining\t5\t25", "label_index"},
           {"8\t0\tx\t0\ttrain\t5\t25", "subset"},
           {"8\t0\tx\t0\ttraining\t0\t25", "num_frames"},
           {"8\t0\tx\t0\ttraining\t5\t-25", "fps"},
           {"99999999999\t0\tx\t0\ttraining\t5\t25", "shard"}}) {
    Write("index.tsv", kIndex + row + "\n");
    EXPECT_THAT(MessageOf([&] { ReadIndex(folder_ / "index.tsv"); }),
                AllOf(HasSubstr("index.tsv:5: "), HasSubstr(complaint)));
  }
}

TEST_F(ShardSetTest, GivesEveryFrameFromManyThreads) {
  const ShardSet shards(folder_.path());
  EXPECT_EQ(shards.videos().size(), 3U);
  EXPECT_THAT(shards.classes(), ::testing::ElementsAre("jump", "wave"));
  std::vector<std::thread> threads;
  std::atomic<int> equal{0};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      std::vector<uint8_t> jpeg;
      size_t frame = 0;
      for (size_t video = 0; video < 3; ++video) {
        for (int i = 0; i < shards.videos()[video].num_frames; ++i, ++frame) {
          shards.ReadFrame(video, i, &jpeg);
          equal += jpeg == shard_.frames[frame] ? 1 : 0;
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(equal, 4 * 9);
}

TEST_F(ShardSetTest, ClipsComeInRunsOfNeighbours) {
  const ShardSet shards(folder_.path());
  FrameBytes frames;
  for (const std::vector<int>& indices :
       std::vector<std::vector<int>>{{0, 1, 2, 3, 4}, {4}, {0, 2, 3}, {1, 2, 4}, {0, 4}}) {
    shards.ReadAhead(0, indices.front(), indices.back());
    shards.ReadFrames(0, indices, &frames);
    ASSERT_EQ(frames.size(), indices.size());
    for (size_t i = 0; i < indices.size(); ++i) {
      const std::vector<uint8_t>& expected = shard_.frames[static_cast<size_t>(indices[i])];
      ASSERT_EQ(frames.size_bytes(i), expected.size());
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(), frames.data(i)));
    }
  }
}

// The places of frames are read together with the frames, so they are checked again each time.
TEST_F(ShardSetTest, AShardThatChangesWhileItIsOpenIsNoticed) {
  const ShardSet shards(folder_.path());
  std::vector<uint8_t> jpeg;
  shards.ReadFrame(0, 0, &jpeg);
  const auto file = folder_ / "00007.h5";
  const std::string whole = ReadFile(file);
  std::string offsets;
  for (const uint64_t offset : shard_.table.offsets) {
    offsets.append(reinterpret_cast<const char*>(&offset), sizeof(offset));
  }
  const auto overwrite = [&](const std::string& bytes) {  // in place, so that the open file changes
    std::ofstream(file, std::ios::binary | std::ios::in | std::ios::out) << bytes;
  };
  std::string changed = whole;
  changed.replace(whole.find(offsets) + 8, 8, 8, '\x7F');
  overwrite(changed);
  EXPECT_THAT(MessageOf([&] { shards.ReadFrame(0, 0, &jpeg); }),
              AllOf(HasSubstr("00007.h5"), HasSubstr("not what they were")));
  overwrite(whole);
  shards.ReadFrame(0, 0, &jpeg);
  EXPECT_EQ(jpeg, shard_.frames[0]);
  std::filesystem::resize_file(file, whole.size() / 2);
  EXPECT_THAT(MessageOf([&] { shards.ReadFrame(2, 0, &jpeg); }), HasSubstr("shorter than it was"));
  shards.ReadAhead(2, 0, 0);
}

TEST_F(ShardSetTest, FingerprintTellsIndexPixelsAndClassesApart) {
  const uint32_t fingerprint = ShardSet(folder_.path()).fingerprint();
  EXPECT_EQ(ShardSet(folder_.path()).fingerprint(), fingerprint);
  Write("classes.txt", "jump\nwavE\n");
  EXPECT_NE(ShardSet(folder_.path()).fingerprint(), fingerprint);
  Write("classes.txt", "jump\nwave\n");
  EXPECT_EQ(ShardSet(folder_.path()).fingerprint(), fingerprint);
  // The same videos are packed from pictures of another quality.
  test::SmallShard other = shard_;
  other.table.frame_crc32[0] ^= 1;
  WriteShardList(folder_ / "shards.tsv", {{7, ContentUuid(other.table)}});
  EXPECT_NE(ShardSet(folder_.path()).fingerprint(), fingerprint);
  std::vector<uint8_t> jpeg;
  EXPECT_THAT(MessageOf([&] { ShardSet(folder_.path()).ReadFrame(0, 0, &jpeg); }),
              HasSubstr("00007.h5 does not agree"));
}

TEST_F(ShardSetTest, RefusesWhatIsUnfinishedOrContradictory) {
  const auto open = [&] { ShardSet shards(folder_.path()); };
  std::vector<uint8_t> jpeg;
  const auto read = [&] { ShardSet(folder_.path()).ReadFrame(0, 0, &jpeg); };

  Write("classes.txt", "jump\n");
  EXPECT_THAT(MessageOf(open), HasSubstr("video first has label 1"));
  Write("classes.txt", "jump\nhop\n");
  EXPECT_THAT(MessageOf(read), HasSubstr("00007.h5 does not agree"));
  Write("classes.txt", "jump\nwave\n");
  EXPECT_EQ(MessageOf(read), "nothing was thrown");

  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"first\t1", "First\t1"}, {"first\t1", "first\t0"}, {"g\t5\t", "g\t6\t"}}) {
    std::string index = kIndex;
    index.replace(index.find(from), from.size(), to);
    Write("index.tsv", index);
    EXPECT_THAT(MessageOf(read), HasSubstr("does not agree")) << to;
  }
  Write("index.tsv", kIndex + "9\t0\tlost\t1\ttraining\t5\t25\n");
  EXPECT_THAT(MessageOf(open), HasSubstr("shards.tsv: lacks shard 9"));
  WriteShardList(folder_ / "shards.tsv", {{7, ContentUuid(shard_.table)}, {9, "another"}});
  EXPECT_THAT(MessageOf([&] { ShardSet(folder_.path()).ReadFrame(3, 0, &jpeg); }),
              HasSubstr("00009.h5"));
  for (const char* name : {"DONE", "index.tsv", "shards.tsv", "classes.txt"}) {
    const std::string text = ReadFile(folder_ / name);
    std::filesystem::remove(folder_ / name);
    EXPECT_THAT(MessageOf(open), HasSubstr(name));
    Write(name, text);
  }
  WriteShardList(folder_ / "shards.tsv",
                 {{7, ContentUuid(shard_.table)}, {9, "another"}, {11, "a third"}});
  EXPECT_THAT(MessageOf(open), HasSubstr("index.tsv: has no video of shard 11"));
  EXPECT_THAT(MessageOf([&] { ShardSet shards(folder_ / "nowhere"); }), HasSubstr("nowhere"));
}

// Each of these changes would silently change figures or the training data.
TEST_F(ShardSetTest, RefusesTablesThatAreNotWhatWasPacked) {
  const auto open = [&] { ShardSet shards(folder_.path()); };
  WriteMissing(folder_ / "missing.tsv", {{"lost", Subset::kValidation}});
  Write("DONE", FormatTableChecksums(folder_.path()));
  EXPECT_EQ(ShardSet(folder_.path()).NumMissing(Subset::kValidation), 1);
  const std::string with_other_subset =
      std::string(kIndex).replace(kIndex.find("validation"), 10, "training");
  const std::string shards = ReadFile(folder_ / "shards.tsv");
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"missing.tsv", "id\tsubset\n"},
           {"missing.tsv", "id\tsubset\nlost\ttraining\n"},
           {"index.tsv", with_other_subset},
           {"shards.tsv", "\xEF\xBB\xBF" + shards},
           {"classes.txt", "jump\nhop\n"}}) {
    const std::string sound = ReadFile(folder_ / name);
    Write(name, text);
    EXPECT_THAT(MessageOf(open), AllOf(HasSubstr(name + ": is not what pack-shards wrote"),
                                       HasSubstr("run the same pack-shards command again")));
    Write(name, sound);
    EXPECT_EQ(MessageOf(open), "nothing was thrown");
  }
  std::filesystem::remove(folder_ / "missing.tsv");
  EXPECT_THAT(MessageOf(open), AllOf(HasSubstr("missing.tsv: is lost"),
                                     HasSubstr("run the same pack-shards command again")));
}

TEST_F(ShardSetTest, ADamagedListOfChecksumsIsNotTakenForAnOlderVersions) {
  WriteMissing(folder_ / "missing.tsv", {});
  const std::string sound = FormatTableChecksums(folder_.path());
  for (size_t size = 1; size + 1 < sound.size(); ++size) {
    Write("DONE", sound.substr(0, size));
    EXPECT_THAT(MessageOf([&] { ShardSet shards(folder_.path()); }), HasSubstr("DONE")) << size;
  }
  for (size_t at = 0; at < sound.size(); ++at) {
    std::string flipped = sound;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    Write("DONE", flipped);
    EXPECT_THAT(MessageOf([&] { ShardSet shards(folder_.path()); }), HasSubstr("DONE")) << at;
  }
}

TEST_F(ShardSetTest, ADamagedFrameIsNamedAndTheOthersAreRead) {
  std::string bytes = ReadFile(folder_ / "00007.h5");
  const std::string frame(shard_.frames[6].begin(), shard_.frames[6].end());
  bytes[bytes.find(frame) + frame.size() / 2] ^= 0x10;
  Write("00007.h5", bytes);
  const ShardSet shards(folder_.path());
  std::vector<uint8_t> jpeg;
  EXPECT_THAT(
      MessageOf([&] { shards.ReadFrame(2, 0, &jpeg); }),
      AllOf(HasSubstr("video third, frame 0"), HasSubstr("00007.h5"), HasSubstr("checksum")));
  shards.ReadFrame(2, 1, &jpeg);
  EXPECT_EQ(jpeg, shard_.frames[7]);
}

}  // namespace
}  // namespace reel3d
