// Loads and saves weights in any format that reel3d knows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

#include "lib/model/tensor_io.h"
#include "lib/weights/pth_writer.h"

namespace reel3d {

// Returns the tensors of a .safetensors, .pth or TorchScript file, under the names that
// weights_header.h gives them. The content decides the format. The tensors are on the CPU and
// contiguous; tensors that share values in the file may share memory. Throws an input error unless
// the file is sound.
NamedTensors LoadWeights(const std::filesystem::path& name);

// Writes a .pth file that torch.load(FILE, weights_only=True) reads; otherwise works as SaveTensors
// does. With `checkpoint`, the weights are the `state_dict` of a checkpoint of the authors' Python.
void SavePth(const std::filesystem::path& file, const NamedTensors& tensors,
             const std::optional<PthCheckpoint>& checkpoint = {});

}  // namespace reel3d
