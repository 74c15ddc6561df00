// Writes weights as a .pth file that Python reads with torch.load(FILE, weights_only=True): an
// OrderedDict of contiguous tensors in the zip form. Without torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "lib/model/safetensors.h"

namespace reel3d {

// `bytes_of(i)` gives the bytes of tensors[i] (whose name, type and shape count), called once each,
// and they must last until the next call. Not atomic: pass a temporary path. Throws an environment
// error where the disk refuses; a usage error on more than 4 GB, or on a type torch.save lacks.
void WritePth(const std::filesystem::path& file, const std::vector<SafetensorsEntry>& tensors,
              const std::function<const void*(size_t)>& bytes_of);

}  // namespace reel3d
