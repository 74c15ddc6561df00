// Reads how much of the machine the control groups of this process allow it. Containers and batch
// systems set them. Versions 1 and 2 are read, also side by side.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>

namespace reel3d {

// Holds the strictest limits of all groups above the process. By default nothing is limited.
struct CgroupLimits {
  // The processor time is counted in cores: 1.5 allows 150 ms in each 100 ms.
  double cores = std::numeric_limits<double>::infinity();
  // Identifies the group with that limit among those of the machine, from inside of any container;
  // 0: there is none. Processes with the same group share its processor time.
  uint64_t cores_group = 0;
  int64_t memory_bytes = std::numeric_limits<int64_t>::max();
};

// Reads /proc and /sys below `root`. A file that cannot be read or understood limits nothing.
CgroupLimits ReadCgroupLimits(const std::filesystem::path& root = "/");

}  // namespace reel3d
