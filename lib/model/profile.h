// Measures the cost of a network: its layers with their output shapes, parameters and
// multiply-adds, and the memory of its activations. The network runs on clips of zeros, and torch
// reports calls and allocations.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/model/network.h"

namespace reel3d {

struct LayerProfile {
  std::string name;             // in the state dict: "layer1.0.conv1"; empty for poolings
  std::string kind;             // "convolution", "batch norm", "linear", "max pool", "mean pool"
  std::vector<int64_t> output;  // without the clips' axis: C, T, H, W, or C
  int64_t parameters = 0;
  // Multiply-adds of a convolution or linear layer, without the additions of a bias; 0 for other
  // layers. Padding counts, as is usual.
  int64_t multiply_adds = 0;
};

// The cost of one clip, in float32 on the CPU. It does not contain the memory that a layer needs
// while it computes.
struct NetworkProfile {
  std::vector<LayerProfile> layers;  // in the order in which they are computed
  int64_t parameters = 0;
  int64_t multiply_adds = 0;
  int64_t training_bytes = 0;   // the clip, and all that a forward pass keeps for the backward pass
  int64_t inference_bytes = 0;  // the largest amount held between two layers
};

// Profiles clips (channels, frames, height, width), in the time of two forward passes of two clips.
// Throws a usage error on options or clips that are refused.
NetworkProfile ProfileNetwork(const NetworkOptions& options, int64_t frames, int64_t height,
                              int64_t width);

}  // namespace reel3d
