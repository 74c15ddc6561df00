// Writes the checkpoints of a run, tensors and state, completely or not at all.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "lib/model/tensor_io.h"

namespace reel3d {

struct CheckpointContents {
  NamedTensors model;
  NamedTensors optimizer;
  NamedTensors unaveraged;  // empty unless `model` is an average
  nlohmann::ordered_json state;
};

// Writes <folder>/step-<step>, completely or not at all. Makes `folder`, whose parent must exist.
// An environment error (full disk, folder removed) leaves the earlier checkpoints unchanged.
void WriteCheckpoint(const std::filesystem::path& folder, int64_t step,
                     const CheckpointContents& contents);

// Decides which checkpoints stay beside the newest and the best. Numbers are steps.
struct KeepRules {
  int num_last = 3;       // so many of the newest
  int64_t every = 0;      // those of every so many steps; 0: none
  int64_t one_more = -1;  // that of this step; -1: none
};

// Writes a checkpoint, points the links `latest` and `best` at it and at that of `best_step`, and
// removes what the rules do not keep.
void PublishCheckpoint(const std::filesystem::path& folder, int64_t step, int64_t best_step,
                       const CheckpointContents& contents, const KeepRules& keep);

}  // namespace reel3d
