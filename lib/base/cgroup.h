// Reads the limits on cores and memory that control groups set for this process, as containers and
// batch systems do. Versions 1 and 2 of control groups are read, also side by side.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>

namespace reel3d {

// Holds the strictest limits of the process's group and all groups above it. By default nothing is
// limited.
struct CgroupLimits {
  // The processor time that is allowed, in cores: 1.5 allows 150 ms in each 100 ms.
  double cores = std::numeric_limits<double>::infinity();
  // Number of the group with that limit, the same in every container of the machine; 0: no limit.
  // Processes with the same number share the processor time.
  uint64_t cores_group = 0;
  int64_t memory_bytes = std::numeric_limits<int64_t>::max();
};

// Reads /proc and /sys below `root`. A file that cannot be read or understood limits nothing.
CgroupLimits ReadCgroupLimits(const std::filesystem::path& root = "/");

}  // namespace reel3d
