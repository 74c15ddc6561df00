// Networks as TorchScript: files that torch.jit.load of Python and torch::jit::load of a C++ host
// run, without any code of reel3d.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "lib/model/network.h"
#include "lib/model/tensor_io.h"

namespace reel3d {

// Writes a network of `options` in evaluation mode, float clips (N, C, T, H, W) -> logits, with
// these weights; its parameters and buffers keep their names. The program is text that follows
// the forward pass of r3d, which a test compares. Throws an input error that begins with `source`
// unless the weights fit.
void SaveTorchScript(const std::filesystem::path& file, const NetworkOptions& options,
                     const NamedTensors& tensors, const std::string& source);

}  // namespace reel3d
