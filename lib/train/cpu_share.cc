// SPDX-License-Identifier: Apache-2.0
#include "lib/train/cpu_share.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "lib/base/cgroup.h"
#include "lib/base/host.h"

namespace reel3d {

int ShareOfCores(const std::vector<RankPlace>& ranks, size_t rank, size_t num_cores,
                 double quota_cores) {
  const RankPlace& ours = ranks.at(rank);
  double in_group = 0;
  double on_cores = 0;
  for (const RankPlace& other : ranks) {
    const bool shares_host = other.host == ours.host;
    in_group += shares_host && other.group == ours.group ? 1 : 0;
    on_cores += shares_host && other.cores == ours.cores ? 1 : 0;
  }
  const double share =
      std::min(static_cast<double>(num_cores) / on_cores, std::ceil(quota_cores) / in_group);
  return std::max(1, static_cast<int>(share));
}

int CpuShare(const World& world) {
  const std::vector<int> allowed = AllowedCores();
  const CgroupLimits limits = ReadCgroupLimits();
  const std::vector<std::string> hosts = world.Gather(world.host());
  const std::vector<std::string> cores = world.Gather(fmt::format("{}", fmt::join(allowed, ",")));
  const std::vector<std::string> groups = world.Gather(std::to_string(limits.cores_group));
  std::vector<RankPlace> ranks;
  for (size_t i = 0; i < hosts.size(); ++i) {
    ranks.push_back({hosts[i], cores[i], groups[i]});
  }
  return ShareOfCores(ranks, static_cast<size_t>(world.rank()), allowed.size(), limits.cores);
}

}  // namespace reel3d
