// SPDX-License-Identifier: Apache-2.0
#include "lib/train/cpu_share.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "lib/base/cgroup.h"
#include "lib/base/host.h"

namespace reel3d {
namespace {

std::string FormatCores(const std::vector<int>& cores) {
  std::string text;
  for (const int core : cores) {
    text += std::to_string(core) + " ";
  }
  return text;
}

std::vector<int> ParseCores(const std::string& text) {
  std::vector<int> cores;
  std::istringstream stream(text);
  for (int core = 0; stream >> core;) {
    cores.push_back(core);
  }
  return cores;
}

}  // namespace

int ShareOfCores(const std::vector<RankCores>& ranks, size_t rank, double quota_cores) {
  const RankCores& ours = ranks.at(rank);
  double on_host = 0;
  double on_cores = 0;
  for (const RankCores& other : ranks) {
    const bool shares_host = other.host == ours.host;
    on_host += shares_host ? 1 : 0;
    on_cores += shares_host && other.allowed == ours.allowed ? 1 : 0;
  }
  const double allowed = static_cast<double>(ours.allowed.size());
  const double share = std::min(allowed / on_cores, std::ceil(quota_cores) / on_host);
  return std::max(1, static_cast<int>(share));
}

int CpuShare(const World& world) {
  const std::vector<std::string> hosts = world.Gather(world.host());
  const std::vector<std::string> cores = world.Gather(FormatCores(AllowedCores()));
  std::vector<RankCores> ranks;
  for (size_t i = 0; i < hosts.size(); ++i) {
    ranks.push_back({hosts[i], ParseCores(cores[i])});
  }
  return ShareOfCores(ranks, static_cast<size_t>(world.rank()), ReadCgroupLimits().cores);
}

}  // namespace reel3d
