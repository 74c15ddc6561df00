// Reads the names, types and shapes in a file of weights, whoever wrote it, without the values and
// without torch. The content decides the kind of file, not the name.
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
  std::string type;  // as in safetensors: "F32", "BF16", "I64", ...
  std::vector<int64_t> shape;
};

struct WeightsHeader {
  std::string format;  // "safetensors", "torch.save, zip", "torch.save, legacy" or "TorchScript"
  std::map<std::string, std::string> notes;  // other entries: epoch, arch, metadata
  std::vector<TensorHeader> tensors;         // in the order of the file
  std::vector<std::string> stored_names;     // names of `tensors` in the file
  // Describes the wrapping of the tensors, for the log: the entry and the prefix that were taken
  // off, what was ignored, how to take another network of the file. Empty: there was none.
  std::string wrapper;
};

// These are keys of notes that convert-weights copies from a checkpoint: its class names as a JSON
// array, and the settings of its training.
constexpr const char* kClassesNote = "reel3d.classes";
constexpr const char* kConfigNote = "reel3d.config";

bool IsSafetensors(const std::filesystem::path& file);

// `name` is a file, or one of its networks (weights_name.h). The wrapping of a known network is
// taken off (weight_wrappers.h). Tensors that are published under several names get ours
// (published_names.h). Throws an input error that names the file if the file is damaged, is of a
// kind that reel3d does not read, or lacks the network.
WeightsHeader ReadWeightsHeader(const std::filesystem::path& name);

}  // namespace reel3d
