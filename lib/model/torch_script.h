// Saves networks as TorchScript: files that torch.jit.load of Python and torch::jit::load of a C++
// host run, without any code of reel3d.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "lib/model/network.h"
#include "lib/model/tensor_io.h"

namespace reel3d {

// Describes a clip (channels, frames, size, size).
struct ScriptClip {
  int64_t frames, size;
};

// Writes the network of `options` with the weights `tensors`, in evaluation mode: float clips (N,
// C, T, H, W) -> logits. Parameters and buffers keep their names. LibTorch's tracer records the
// program from the network's own forward pass over one clip of this size.
//
// Returns false if the program accepts only this clip size (a network whose padding depends on it);
// it then refuses other sizes. N is free in both cases. Throws an input error that begins with
// `source` unless the weights fit, and a usage error if the network cannot take such clips.
bool SaveTorchScript(const std::filesystem::path& file, const NetworkOptions& options,
                     const NamedTensors& tensors, const ScriptClip& clip,
                     const std::string& source);

}  // namespace reel3d
