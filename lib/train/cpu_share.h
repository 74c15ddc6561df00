// Computes how many cores belong to this rank.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/dist/world.h"

namespace reel3d {

// The host of a rank, and the numbers of the cores that it may use there.
struct RankCores {
  std::string host;
  std::vector<int> allowed;
};

// Returns the number of cores for ranks[rank], at least 1. Ranks of a host that may use the very
// same cores share them evenly. All ranks of a host share its processor time, `quota_cores`
// (CgroupLimits::cores), also if they are bound to different cores.
int ShareOfCores(const std::vector<RankCores>& ranks, size_t rank, double quota_cores);

// Returns ShareOfCores for this rank, as its host and its control group are now. Collective.
int CpuShare(const World& world);

}  // namespace reel3d
