// Converts a module's state to named tensors, and back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <string>
#include <vector>

#include "lib/model/memory_meter.h"
#include "lib/model/network.h"
#include "lib/model/tensor_io.h"

namespace reel3d {

// Returns parameters and buffers by name. They share memory with the module; their order depends
// only on the module's structure.
NamedTensors StateDict(const torch::nn::Module& module);

// Copies all of `tensors` into the module, or none. Throws an input error that begins with `source`
// (such as a file) and names the tensor, its expected and its found shape, and the likely cause:
// another number of classes, another shortcut, depth or width. The order does not matter. Counts of
// batches (num_batches_tracked), which old files lack, may be missing and are then 0.
void LoadStateDict(torch::nn::Module& module, const NamedTensors& tensors,
                   const std::string& source);

// While this object lives, an attempt of this thread to make a network that is far larger than
// `weights` throws an input error that begins with `source`. Otherwise a few names and shapes in a
// small file could demand many gigabytes.
class NetworkLimit {
 public:
  NetworkLimit(const std::vector<TensorHeader>& weights, const std::string& source);

 private:
  MemoryMeter meter_;
};

// Makes a network that holds `tensors`. Throws as LoadStateDict and NetworkLimit do.
Network MakeNetworkOf(const NetworkOptions& options, const NamedTensors& tensors,
                      const std::string& source);

// Returns the number of trainable values; running statistics do not count.
int64_t CountParameters(const torch::nn::Module& module);

}  // namespace reel3d
