// A network out of a checkpoint, with all that is needed to use it: how it wants its clips, and
// what its outputs mean.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lib/model/network.h"
#include "lib/train/train_options.h"

namespace reel3d {

struct TrainedNetwork {
  TrainOptions options;  // that it was trained with: clip shape, crop size, means
  std::vector<std::string> classes;
  std::string identity;  // "step-0000001234 89abcdef": checkpoint and CRC-32 of its weights
  Network network{nullptr};  // in evaluation mode, on `device`
};

// `checkpoint` is a step-... folder or a link to one. Throws an input error unless it is whole and
// fits together.
TrainedNetwork LoadTrainedNetwork(const std::filesystem::path& checkpoint, at::Device device);

}  // namespace reel3d
