// SPDX-License-Identifier: Apache-2.0
#include "lib/train/cpu_share.h"

#include <sched.h>

#include <algorithm>
#include <string>
#include <vector>

namespace reel3d {
namespace {

cpu_set_t Affinity() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof(cores), &cores) != 0) {
    CPU_SET(0, &cores);  // more cores than the set has room for: let the user say --threads
  }
  return cores;
}

}  // namespace

int CpuShare(const World& world) {
  const cpu_set_t cores = Affinity();
  std::string ours = world.host() + " ";
  for (size_t core = 0; core < CPU_SETSIZE; ++core) {
    ours += CPU_ISSET(core, &cores) ? '1' : '0';
  }
  const std::vector<std::string> all = world.Gather(ours);
  const auto sharers = std::count(all.begin(), all.end(), ours);
  return std::max(1, CPU_COUNT(&cores) / static_cast<int>(sharers));
}

}  // namespace reel3d
