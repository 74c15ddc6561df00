// SPDX-License-Identifier: Apache-2.0
#include "lib/train/cpu_share.h"

#include <algorithm>
#include <string>
#include <vector>

#include "lib/base/host.h"

namespace reel3d {

int CpuShare(const World& world) {
  std::string ours = world.host();
  for (const int core : AllowedCores()) {
    ours += " " + std::to_string(core);
  }
  const std::vector<std::string> all = world.Gather(ours);
  const auto sharers = std::count(all.begin(), all.end(), ours);
  return std::max(1, AvailableCores() / static_cast<int>(sharers));
}

}  // namespace reel3d
