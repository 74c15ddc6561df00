// A small data set that the other tools make, and the command that trains on it. Tests run
// train-r3d, and tools that use its checkpoints, like a user.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "lib/loader/sampler.h"
#include "lib/model/tensor_io.h"
#include "lib/shard/shard_format.h"
#include "lib/shard/shard_set.h"
#include "tests/test_support.h"

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

  static std::map<std::string, at::Tensor> Tensors(const std::string& run_dir,
                                                   const std::string& file) {
    const NamedTensors loaded =
        LoadTensors(fs::path(At(run_dir)) / "checkpoints" / "latest" / file);
    return {loaded.begin(), loaded.end()};
  }

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

  static void ExpectSameStep(const std::string& run_dir, int step, int ranks, const Words& settings,
                             const std::string& shards = Shards());

  static inline TemporaryFolder* folder_ = nullptr;
};

// Returns |a - b| / |b| over all weights together. Running statistics are left out, because their
// squares would dominate.
inline double RelativeDifference(const std::map<std::string, at::Tensor>& a,
                                 const std::map<std::string, at::Tensor>& b) {
  double difference = 0;
  double size = 0;
  for (const auto& [name, tensor] : a) {
    if (name.find("running_") != std::string::npos ||
        name.find("num_batches") != std::string::npos) {
      continue;
    }
    const at::Tensor expected = b.at(name).to(at::kDouble);
    difference += (tensor.to(at::kDouble) - expected).square().sum().item<double>();
    size += expected.square().sum().item<double>();
  }
  return std::sqrt(difference / size);
}

// Returns the largest |a - b| / |b| of any running statistic.
inline double RelativeDifferenceOfStatistics(const std::map<std::string, at::Tensor>& a,
                                             const std::map<std::string, at::Tensor>& b) {
  double worst = 0;
  for (const auto& [name, tensor] : a) {
    if (name.find("running_") != std::string::npos) {
      const at::Tensor expected = b.at(name).to(at::kDouble);
      const at::Tensor off = (tensor.to(at::kDouble) - expected).norm() / expected.norm();
      worst = std::max(worst, off.item<double>());
    }
  }
  return worst;
}

// Repeats one step (1 to 9) of `run_dir` with `ranks` ranks, from the same weights, and expects the
// same result. `run_dir` must have kept the checkpoint of every step. Only one step is compared,
// because the difference between float32 runs grows by a factor of 2 to 4 a step. Several steps are
// compared in float64 (dist/data_parallel_test).
inline void TrainTool::ExpectSameStep(const std::string& run_dir, int step, int ranks,
                                      const Words& settings, const std::string& shards) {
  SCOPED_TRACE(run_dir + ", step " + std::to_string(step) + " at " + std::to_string(ranks));
  const std::string other =
      run_dir + "_step" + std::to_string(step) + "_at" + std::to_string(ranks);
  if (step > 1) {
    Fork(run_dir, step - 1, other);
  }
  Words more = settings;
  more.insert(more.end(), {"--stop-after-steps", std::to_string(step)});
  const CommandResult result = RunCommand(Command(ranks, other, more, shards));
  ASSERT_TRUE(result.exit_status == 75 || result.exit_status == 0) << result.err;
  const auto load = [](const fs::path& checkpoint) {
    const NamedTensors loaded = LoadTensors(checkpoint / "model.safetensors");
    return std::map<std::string, at::Tensor>(loaded.begin(), loaded.end());
  };
  const auto expected = load(CheckpointAt(run_dir, step));
  const auto found = load(CheckpointAt(other, step));
  ASSERT_EQ(found.size(), expected.size());
  const double difference = RelativeDifference(found, expected);
  EXPECT_LT(difference, 1e-5);
  EXPECT_LT(RelativeDifferenceOfStatistics(found, expected), 1e-5);
  if (step > 1) {
    const double move = RelativeDifference(load(CheckpointAt(run_dir, step - 1)), expected);
    EXPECT_LT(difference, 0.01 * move) << "of a step that moved the weights by " << move;
    std::printf("step %d at %d ranks: %.1e, of a move of %.1e\n", step, ranks, difference, move);
  }
}

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
