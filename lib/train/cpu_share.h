// Computes how many cores belong to this rank.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/dist/world.h"

namespace reel3d {

// Whom a rank shares with, as texts: equal ones mean the same host, the same cores of it, and the
// same group that limits processor time (CgroupLimits::cores_group).
struct RankPlace {
  std::string host, cores, group;
};

// Returns the number of cores for ranks[rank], at least 1. Ranks of a host that may use the very
// same `num_cores` cores share them evenly. Ranks of a host whose processor time the same group
// limits share that, `quota_cores` (CgroupLimits::cores), also if they are bound to different
// cores.
int ShareOfCores(const std::vector<RankPlace>& ranks, size_t rank, size_t num_cores,
                 double quota_cores);

// Returns ShareOfCores for this rank, as its host and its control group are now. Collective.
int CpuShare(const World& world);

}  // namespace reel3d
