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

// Makes one folder, not those around it: a folder that somebody removed must not come back with
// only a checkpoint in it. Returns true if it did not exist. Throws an environment error if it
// fails.
bool MakeOneFolder(const std::filesystem::path& folder);

// Says which checkpoints are kept besides those that the links `latest` and `best` name.
struct KeepRules {
  int num_last = 3;       // number of newest checkpoints
  int64_t every = 0;      // checkpoints at multiples of this step; 0: none
  int64_t one_more = -1;  // the checkpoint of this step; -1: none
};

// Writes <folder>/step-<step>, completely or not at all, into the existing `folder`. Points the
// link `latest` at it and the link `best` at the checkpoint of `best_step`, and removes the
// checkpoints that `keep` does not name. An environment error (full disk, folder removed) leaves
// the earlier checkpoints unchanged.
void PublishCheckpoint(const std::filesystem::path& folder, int64_t step, int64_t best_step,
                       const CheckpointContents& contents, const KeepRules& keep);

}  // namespace reel3d
