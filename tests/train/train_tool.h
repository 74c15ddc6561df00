// A small data set that the other tools make, and the command that trains on it. Tests run
// train-r3d, and tools that use its checkpoints, like a user. Tests that look at weights include
// train_tensors.h. The others need no torch and are compiled in a third of the time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "lib/loader/sampler.h"
#include "lib/shard/shard_format.h"
#include "lib/shard/shard_set.h"
#include "tests/test_support.h"

namespace at {
class Tensor;
}

namespace reel3d::test {
namespace fs = std::filesystem;

using Words = std::vector<std::string>;

class TrainTool : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder();
    const auto run = [](Words words) {
      words.front() = ToolPath(words.front()).string();
      const CommandResult result = RunCommand(words);
      ASSERT_EQ(result.exit_status, 0) << words.front() << ": " << result.err;
    };
    const auto at = [](const char* name) { return (*folder_ / name).string(); };
    run({"make-demo-videos", "--videos-per-class", "4", at("videos")});
    run({"list-videos", "--validation-fraction", "0.25", at("videos"), at("videos.tsv")});
    run({"prep-videos", "--height", "48", at("videos.tsv"), at("prepared")});
    run({"pack-shards", at("videos.tsv"), at("prepared"), at("shards")});
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static std::string Shards() { return (*folder_ / "shards").string(); }
  static std::string At(const std::string& name) { return (*folder_ / name).string(); }

  // 24 training videos in batches of 8 give three steps an epoch.
  static Words Command(int ranks, const std::string& run_dir, const Words& more = {},
                       const std::string& shards = Shards()) {
    Words words;
    if (ranks > 0) {
      words = {"mpirun", "--oversubscribe", "-n", std::to_string(ranks)};
    }
    for (const std::string& word :
         {ToolPath("train-r3d").string(), std::string("--depth"), std::string("10"),
          std::string("--width"), std::string("0.125"), std::string("--sample-size"),
          std::string("32"), std::string("--batch"), std::string("8"), std::string("--lr"),
          std::string("0.05"), std::string("--epochs"), std::string("2"), std::string("--threads"),
          std::string("1")}) {
      words.push_back(word);
    }
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(shards);
    words.push_back(At(run_dir));
    return words;
  }

  // Both are defined in train_tensors.h.
  static std::map<std::string, at::Tensor> Tensors(const std::string& run_dir,
                                                   const std::string& file);
  static void ExpectSameStep(const std::string& run_dir, int step, int ranks, const Words& settings,
                             const std::string& shards = Shards());

  static fs::path CheckpointAt(const std::string& run_dir, int step) {
    return fs::path(At(run_dir)) / "checkpoints" / ("step-000000000" + std::to_string(step));
  }

  // Makes the run `copy`: the run `run_dir` as it was after `step` steps. `run_dir` must have kept
  // the checkpoint of that step.
  static void Fork(const std::string& run_dir, int step, const std::string& copy) {
    fs::copy(At(run_dir), At(copy), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    const fs::path folder = fs::path(At(copy)) / "checkpoints";
    for (int later = step + 1; later <= 9; ++later) {
      fs::remove_all(CheckpointAt(copy, later));
    }
    fs::remove(folder / "latest");
    fs::create_directory_symlink(CheckpointAt(copy, step).filename(), folder / "latest");
    if (!fs::exists(folder / "best")) {
      fs::remove(folder / "best");
    }
  }

  static inline TemporaryFolder* folder_ = nullptr;
};

// Flips a bit in frame `frame` of the subset's video number `video`. Returns the video's id.
inline std::string DamageFrame(const fs::path& shards, Subset subset, size_t video, int frame) {
  const ShardSet set(shards);
  const size_t victim = VideosOfSubset(set.videos(), subset).at(video);
  std::vector<uint8_t> jpeg;
  set.ReadFrame(victim, frame, &jpeg);
  const fs::path shard = shards / ShardFileName(set.videos()[victim].shard);
  std::string bytes = ReadFile(shard);
  const size_t at = bytes.find(std::string(jpeg.begin(), jpeg.end()));
  EXPECT_NE(at, std::string::npos);
  bytes[at + jpeg.size() / 2] = static_cast<char>(bytes[at + jpeg.size() / 2] ^ 1);
  WriteFileAtomically(shard, bytes);
  return set.videos()[victim].id;
}

inline void ExpectNoTemporaries(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    EXPECT_EQ(entry.path().filename().string().find(".tmp-"), std::string::npos) << entry.path();
  }
}

}  // namespace reel3d::test
