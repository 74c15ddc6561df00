// Writes weights as a .pth file that Python reads with torch.load(FILE, weights_only=True): an
// OrderedDict of contiguous tensors in the zip form. This file does not use torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lib/weights/safetensors.h"

namespace reel3d {

// Holds the entries of a checkpoint of the authors' Python beside its `state_dict`.
struct PthCheckpoint {
  int64_t epoch;     // epochs done
  std::string arch;  // "resnet-18"
};

// With `checkpoint`, the OrderedDict is the `state_dict` of a dict with `epoch` and `arch`.
//
// `tensors` gives names, types and shapes. `bytes_of(i)` is called once for each tensor and returns
// its bytes, which must last until the next call. Writing is not atomic, so pass a temporary path.
// Throws an environment error if the disk refuses, and a usage error on more than 4 GB or a type
// that torch.save lacks.
void WritePth(const std::filesystem::path& file, const std::vector<SafetensorsEntry>& tensors,
              const std::function<const void*(size_t)>& bytes_of,
              const std::optional<PthCheckpoint>& checkpoint = {});

}  // namespace reel3d
