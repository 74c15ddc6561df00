// A folder of two small shards, and a folder for their copies.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "lib/shard/shard_copier.h"
#include "lib/shard/shard_set.h"
#include "tests/shard/small_shard.h"
#include "tests/test_support.h"

namespace reel3d::test {

namespace fs = std::filesystem;

class CopiesTest : public ::testing::Test {
 protected:
  CopiesTest() {
    fs::create_directory(folder_ / "shards");
    WriteSmallShards(folder_ / "shards");
    options_.folder = (folder_ / "local/stage").string();
    options_.free_gb = 0;
    shards_.emplace(folder_ / "shards");
    shards_->ReadCopiesIn(options_.folder);
  }

  CopyReport Copy(const std::vector<int>& order = {1, 0}) {
    return ShardCopier(
               *shards_, options_, [order](const auto& /*stop*/) { return order; }, true)
        .Await();
  }
  fs::path CopyOf(int number) {
    return fs::path(options_.folder) / (shards_->UuidOf(number) + ".h5");
  }
  int64_t SizeOf(int number) {
    return static_cast<int64_t>(fs::file_size(shards_->FileOf(number)));
  }

  // Reads every frame of a shard, and expects the packed bytes. Returns how many came from a copy.
  int NumFromCopy(const ShardSet& shards, int number) {
    int count = 0;
    FrameBytes frames;
    const ShardReader original(shards.FileOf(number));
    std::vector<uint8_t> expected;
    uint64_t frame = 0;
    for (size_t video = 0; video < shards.videos().size(); ++video) {
      const IndexedVideo row = shards.videos()[video];
      for (int i = 0; row.shard == number && i < row.num_frames; ++i, ++frame) {
        shards.ReadFrames(video, {i}, &frames);
        original.ReadFrame(frame, &expected);
        EXPECT_EQ(std::vector<uint8_t>(frames.data(0), frames.data(0) + frames.size_bytes(0)),
                  expected)
            << row.id << " " << i;
        count += frames.from_copy() ? 1 : 0;
      }
    }
    return count;
  }
  int NumFromCopy(int number) { return NumFromCopy(*shards_, number); }
  // Does the same as a process that starts now.
  int NumFromCopyAnew(int number) {
    ShardSet shards(folder_ / "shards");
    shards.ReadCopiesIn(options_.folder);
    return NumFromCopy(shards, number);
  }

  std::vector<std::string> FilesThere() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(options_.folder)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  static constexpr int kFrames = 9;  // of each shard
  TemporaryFolder folder_;
  StagingOptions options_;
  std::optional<ShardSet> shards_;
};

inline void ChangeByte(const fs::path& file, int64_t at) {
  std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
  stream.seekg(at);
  const auto before = static_cast<char>(stream.get());
  stream.seekp(at).put(static_cast<char>(before ^ 0x10));
}

}  // namespace reel3d::test
