// Named tensors to and from .safetensors files.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/weights/weights_header.h"

namespace reel3d {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// Writes the tensors, from any device and of any strides; the same tensors give the same bytes.
// Not atomic: pass a temporary path. Throws an environment error that names `file` where the disk
// refuses; an internal one unless names differ and the format has the types.
void SaveTensors(const std::filesystem::path& file, const NamedTensors& tensors,
                 const std::map<std::string, std::string>& metadata = {});

// The type that safetensors calls `name`; an input error that names `file` and `tensor` if torch
// has none. And back; an internal error if there is no name.
at::ScalarType TensorType(const std::string& name, const std::filesystem::path& file,
                          const std::string& tensor);
std::string TensorTypeName(at::ScalarType type);

// Names, types and shapes.
std::vector<TensorHeader> HeadersOf(const NamedTensors& tensors);

// Every tensor on the CPU, contiguous, in file order. Throws an input error unless the file is
// well formed.
NamedTensors LoadTensors(const std::filesystem::path& file);

}  // namespace reel3d
