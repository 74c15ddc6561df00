// What is in a file of weights, whoever wrote it: names, types and shapes, without the values and
// without torch. The file is told by what is in it, not by its name.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace reel3d {

struct TensorHeader {
  std::string name;
  std::string type;  // as of safetensors: "F32", "BF16", "I64", ...
  std::vector<int64_t> shape;
};

struct WeightsHeader {
  std::string format;  // "safetensors", "torch.save, zip", "torch.save, legacy" or "TorchScript"
  std::map<std::string, std::string> notes;  // what else it says: epoch, arch, metadata
  std::vector<TensorHeader> tensors;         // in the order of the file
};

// Notes that convert-weights takes along from a checkpoint: its class names as a JSON array, and
// the settings that it was trained with.
constexpr const char* kClassesNote = "reel3d.classes";
constexpr const char* kConfigNote = "reel3d.config";

bool IsSafetensors(const std::filesystem::path& file);

// Tensors of networks that are published under several names have ours (published_names.h). Throws
// an input error that names `file` unless it is a sound file of a kind that reel3d reads.
WeightsHeader ReadWeightsHeader(const std::filesystem::path& file);

}  // namespace reel3d
