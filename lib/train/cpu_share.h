// Computes how many cores belong to this rank.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/dist/world.h"

namespace reel3d {

// Identifies what a rank shares with others, as texts. Two ranks with an equal text have the same
// host, the same cores, or the same control group that limits processor time
// (CgroupLimits::cores_group).
struct RankPlace {
  std::string host, cores, group;
};

// Returns the number of cores for ranks[rank], at least 1. Ranks of a host that have the same
// `num_cores` cores share them evenly. Ranks of a host that have the same control group also share
// its limit of processor time, `quota_cores` (CgroupLimits::cores), even if they have different
// cores.
int ShareOfCores(const std::vector<RankPlace>& ranks, size_t rank, size_t num_cores,
                 double quota_cores);

// Returns ShareOfCores() of this rank under the present limits of its control group. Collective.
int CpuShare(const World& world);

}  // namespace reel3d
