// Writes weights as a .pth file that Python reads with torch.load(FILE, weights_only=True): an
// OrderedDict of contiguous tensors in the zip form. Without torch.
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

// What a checkpoint of the authors' Python says beside its `state_dict`.
struct PthCheckpoint {
  int64_t epoch;     // epochs done
  std::string arch;  // "resnet-18"
};

// With `checkpoint`, the OrderedDict is the `state_dict` of a dict with `epoch` and `arch`.
//
// `bytes_of(i)` gives the bytes of tensors[i] (whose name, type and shape count), called once each,
// and they must last until the next call. Not atomic: pass a temporary path. Throws an environment
// error where the disk refuses; a usage error on more than 4 GB, or on a type torch.save lacks.
void WritePth(const std::filesystem::path& file, const std::vector<SafetensorsEntry>& tensors,
              const std::function<const void*(size_t)>& bytes_of,
              const std::optional<PthCheckpoint>& checkpoint = {});

}  // namespace reel3d
