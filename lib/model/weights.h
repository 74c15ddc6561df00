// A module's state as named tensors, under the names of the reference code, and back.
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

// Parameters and buffers by name, sharing memory with the module, in an order that depends on the
// module's structure alone.
NamedTensors StateDict(const torch::nn::Module& module);

// Copies `tensors` into the module, all or nothing. Throws an input error that begins with `source`
// (a file, say) and names the tensor, its expected and its found shape, and the likely cause:
// another number of classes, another shortcut, depth or width. Order does not matter; counts of
// batches (num_batches_tracked), which old files lack, may be missing and are 0 then.
void LoadStateDict(torch::nn::Module& module, const NamedTensors& tensors,
                   const std::string& source);

// While it lives, making a network in this thread that is far larger than `weights` throws an input
// error that begins with `source`: the few names and shapes of a small file may be those of a
// network of many gigabytes.
class NetworkLimit {
 public:
  NetworkLimit(const std::vector<TensorHeader>& weights, const std::string& source);

 private:
  MemoryMeter meter_;
};

// A network that holds `tensors`. Throws as LoadStateDict and NetworkLimit do.
Network MakeNetworkOf(const NetworkOptions& options, const NamedTensors& tensors,
                      const std::string& source);

// Trainable values; running statistics do not count.
int64_t CountParameters(const torch::nn::Module& module);

}  // namespace reel3d
