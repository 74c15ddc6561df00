// Flips bits of shards on the disk, and reads the shards as the trainer does. Each clip must either
// show the packed pixels or be reported as damaged.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/loader/batch_loader.h"
#include "tests/shard/small_shard.h"
#include "tests/test_support.h"

namespace reel3d::test {
namespace {

namespace fs = std::filesystem;
using Pixels = std::vector<uint8_t>;

constexpr int kSize = 16;
constexpr int kFlips = 300;  // in each test

// Returns clips of two frames that cover every frame of every video once.
std::vector<ClipRequest> AllClips(const ShardSet& shards) {
  std::vector<ClipRequest> clips;
  for (size_t video = 0; video < shards.videos().size(); ++video) {
    const int num_frames = shards.videos()[video].num_frames;
    for (const Clip& clip : SlidingClips(num_frames, {2, 1}, 2, TailRule::kLoop)) {
      clips.push_back({video, shards.videos()[video].label, clip, Rng(0)});
    }
  }
  return clips;
}

// Returns the pixels of each clip, by its video's id and its first frame, without damaged clips.
std::map<std::pair<std::string, int>, Pixels> Load(const ShardSet& shards) {
  BatchLoaderOptions options;
  options.clip_length = 2;
  options.size = kSize;
  options.threads = 2;
  options.bad_clips = BadClips::kReport;
  BatchRequests requests = BatchesOf(AllClips(shards), 4);
  requests.crop = [](const ClipRequest& /*clip*/, FrameSize frame, Rng&) {
    return CenterCrop(frame, kSize);
  };
  BatchLoader loader(requests, FramesOf(shards), options);
  std::map<std::pair<std::string, int>, Pixels> loaded;
  Batch batch;
  while (loader.Next(&batch)) {
    for (size_t i = 0; i < batch.clips.size(); ++i) {
      const ClipRequest& clip = batch.clips[i];
      const uint8_t* pixels = batch.pixels.data() + i * batch.pixels.size() / batch.clips.size();
      loaded[{shards.videos()[clip.video].id, clip.clip.frames[0]}] =
          Pixels(pixels, pixels + batch.pixels.size() / batch.clips.size());
    }
    for (const ClipFault& fault : batch.faults) {
      const ClipRequest& clip = batch.clips[fault.clip];
      loaded.erase({shards.videos()[clip.video].id, clip.clip.frames[0]});
    }
  }
  return loaded;
}

class DamagedShardsTest : public ::testing::Test {
 protected:
  DamagedShardsTest() {
    WriteSmallShards(folder_.path());
    sound_ = Load(ShardSet(folder_.path()));
  }

  // Flips a random bit of a random file in place, as a disk does. Returns a function that undoes
  // it.
  std::function<void()> FlipABit(const std::vector<std::string>& names) {
    const fs::path file =
        folder_ / names[static_cast<size_t>(rng_.Below(static_cast<int64_t>(names.size())))];
    const std::string bytes = ReadFile(file);
    const auto at = rng_.Below(static_cast<int64_t>(bytes.size()));
    const char before = bytes[static_cast<size_t>(at)];
    WriteByte(file, at, static_cast<char>(before ^ (1 << rng_.Below(8))));
    return [file, at, before] { WriteByte(file, at, before); };
  }

  // Expects that every loaded clip shows the packed pixels. Returns true if all clips were loaded.
  bool Compare(const ShardSet& shards) const {
    const auto loaded = Load(shards);
    for (const auto& [clip, pixels] : loaded) {
      const auto expected = sound_.find(clip);
      EXPECT_TRUE(expected != sound_.end() && pixels == expected->second)
          << clip.first << ", frame " << clip.second;
    }
    return loaded.size() == sound_.size();
  }

  TemporaryFolder folder_;

 private:
  static void WriteByte(const fs::path& file, int64_t at, char byte) {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(at).put(byte);
  }

  std::map<std::pair<std::string, int>, Pixels> sound_;
  Rng rng_{9};
};

TEST_F(DamagedShardsTest, EveryFlippedBitIsFoundOrHarmless) {
  int num_found = 0;
  for (int flip = 0; flip < kFlips; ++flip) {
    const auto undo = FlipABit(
        {"00000.h5", "00000.h5", "00001.h5", "00001.h5", "index.tsv", "shards.tsv", "classes.txt"});
    try {
      num_found += Compare(ShardSet(folder_.path())) ? 0 : 1;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput) << error.what();
      ++num_found;
    }
    undo();
  }
  EXPECT_GT(num_found, kFlips / 4);
}

TEST_F(DamagedShardsTest, AlsoWhereTheShardsAreInUse) {
  const ShardSet shards(folder_.path());
  ASSERT_TRUE(Compare(shards));
  int num_found = 0;
  for (int flip = 0; flip < kFlips; ++flip) {
    const auto undo = FlipABit({"00000.h5", "00001.h5"});
    num_found += Compare(shards) ? 0 : 1;
    undo();
    ASSERT_TRUE(flip % 50 != 0 || Compare(shards)) << "sound again";
  }
  EXPECT_GT(num_found, kFlips / 4);
}

}  // namespace
}  // namespace reel3d::test
