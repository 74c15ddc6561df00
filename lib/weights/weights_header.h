// Reads what a file of weights holds, whoever wrote it: names, types and shapes, without the values
// and without torch. The contents say which kind of file it is, not the name.
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
  std::vector<std::string> stored_names;     // of `tensors`, as the file calls them
  // Says what stood around the tensors: the entry and the prefix that were taken off, what was
  // passed over, how to take another network of the file. Empty: nothing did. To be logged.
  std::string wrapper;
};

// Notes that convert-weights takes along from a checkpoint: its class names as a JSON array, and
// the settings that it was trained with.
constexpr const char* kClassesNote = "reel3d.classes";
constexpr const char* kConfigNote = "reel3d.config";

bool IsSafetensors(const std::filesystem::path& file);

// `name` is a file, or one of its networks (weights_name.h). What a known network is wrapped in is
// taken off (weight_wrappers.h), and tensors that are published under several names have ours
// (published_names.h). Throws an input error that names the file unless it is a sound one of a kind
// that reel3d reads, and has the network that was named.
WeightsHeader ReadWeightsHeader(const std::filesystem::path& name);

}  // namespace reel3d
