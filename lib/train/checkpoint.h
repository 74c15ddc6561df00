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

// Writes <folder>/step-<step>, completely or not at all. An environment error (full disk) leaves
// the earlier checkpoints unchanged.
void WriteCheckpoint(const std::filesystem::path& folder, int64_t step,
                     const CheckpointContents& contents);

}  // namespace reel3d
