// The weights of runs of train-r3d, and how they differ.
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

#include "lib/model/tensor_io.h"
#include "tests/train/train_tool.h"

namespace reel3d::test {

// Returns the tensors of a file in the run's latest checkpoint, by name.
inline std::map<std::string, at::Tensor> TrainTool::Tensors(const std::string& run_dir,
                                                            const std::string& file) {
  const NamedTensors loaded = LoadTensors(fs::path(At(run_dir)) / "checkpoints" / "latest" / file);
  return {loaded.begin(), loaded.end()};
}

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

}  // namespace reel3d::test
