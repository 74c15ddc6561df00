// Saves and loads named tensors as .safetensors files.
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
// Writing is not atomic, so pass a temporary path. Throws an environment error that names `file` if
// the disk refuses, and an internal error if names are equal or the format lacks a type.
void SaveTensors(const std::filesystem::path& file, const NamedTensors& tensors,
                 const std::map<std::string, std::string>& metadata = {});

// Convert the name of a type in safetensors to torch's type, and back. TensorType() throws an input
// error that names `file` and `tensor` if torch has no such type. TensorTypeName() throws an
// internal error if there is no name.
at::ScalarType TensorType(const std::string& name, const std::filesystem::path& file,
                          const std::string& tensor);
std::string TensorTypeName(at::ScalarType type);

// Returns names, types and shapes.
std::vector<TensorHeader> HeadersOf(const NamedTensors& tensors);

// Returns every tensor on the CPU, contiguous, in file order. Throws an input error unless the file
// is well formed.
NamedTensors LoadTensors(const std::filesystem::path& file);

}  // namespace reel3d
