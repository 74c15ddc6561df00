// Holds a network with all that is needed to use it: the form of its clips and the meaning of its
// outputs. pipeline/support/load_network.h makes it from a checkpoint or a file of weights.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/data/frame_facts.h"
#include "lib/data/passport.h"
#include "lib/infer/clip_runner.h"
#include "lib/model/network.h"

namespace reel3d {

struct TrainedNetwork {
  NetworkOptions options;  // with which the network was made
  ClipRecipe recipe;       // with which the network was trained
  std::vector<std::string> classes;
  std::string identity;  // "step-0000001234 89abcdef": checkpoint or file, CRC-32 of its weights
  // The data that it learned from, as far as known: older checkpoints and most files say nothing.
  std::optional<Passport> trained_on;
  // In what --preprocessing differs from the settings that the file of weights states.
  std::vector<TrainingDifference> differences;
  Network network{nullptr};  // in evaluation mode, on its device, in its precision
};

}  // namespace reel3d
