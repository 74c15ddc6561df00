// What the control groups of this process leave it of the machine. Containers and batch systems
// set them; versions 1 and 2 are read, also side by side.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>

namespace reel3d {

// The strictest limits of all groups above the process. Nothing is limited by default.
struct CgroupLimits {
  // The processor time that may be used, in cores: 1.5 is 150 ms in each 100 ms.
  double cores = std::numeric_limits<double>::infinity();
  int64_t memory_bytes = std::numeric_limits<int64_t>::max();
};

// Reads /proc and /sys below `root`. What cannot be read or understood limits nothing.
CgroupLimits ReadCgroupLimits(const std::filesystem::path& root = "/");

}  // namespace reel3d
