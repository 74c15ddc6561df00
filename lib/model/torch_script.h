// Networks as TorchScript: files that torch.jit.load of Python and torch::jit::load of a C++ host
// run, without any code of reel3d.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "lib/model/network.h"
#include "lib/model/tensor_io.h"

namespace reel3d {

// Frames and pixels of (3, frames, size, size).
struct ScriptClip {
  int64_t frames, size;
};

// Writes a network of `options` in evaluation mode, float clips (N, C, T, H, W) -> logits, with
// these weights; its parameters and buffers keep their names. The program is what LibTorch's tracer
// records of the network's own forward pass over one such clip.
//
// Returns whether it takes clips of other sizes as well: if it does not, for what it does depends
// on the size (i3d, whose padding does), the program refuses them. N is free in either. Throws an
// input error that begins with `source` unless the weights fit, a usage error where the network
// cannot take such clips.
bool SaveTorchScript(const std::filesystem::path& file, const NetworkOptions& options,
                     const NamedTensors& tensors, const ScriptClip& clip,
                     const std::string& source);

}  // namespace reel3d
