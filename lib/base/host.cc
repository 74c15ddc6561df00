// SPDX-License-Identifier: Apache-2.0
#include "lib/base/host.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "lib/base/cgroup.h"

namespace reel3d {

std::string HostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) {
    return "unknown";
  }
  return name.data();
}

std::vector<int> AllowedCores() {
  std::vector<int> allowed;
  // The kernel refuses a set that has no room for all of its cores.
  for (size_t num_sets = 1; allowed.empty() && num_sets <= 1024; num_sets *= 2) {
    std::vector<cpu_set_t> sets(num_sets);
    const size_t size = num_sets * sizeof(cpu_set_t);
    if (sched_getaffinity(0, size, sets.data()) != 0) {
      continue;
    }
    for (int core = 0; core < static_cast<int>(8 * size); ++core) {
      if (CPU_ISSET_S(core, size, sets.data())) {
        allowed.push_back(core);
      }
    }
  }
  return allowed.empty() ? std::vector<int>{0} : allowed;
}

int AvailableCores(const std::filesystem::path& root) {
  const double allowed = static_cast<double>(AllowedCores().size());
  const double quota = std::ceil(ReadCgroupLimits(root).cores);
  return static_cast<int>(std::max(1.0, std::min(allowed, quota)));
}

int64_t AvailableMemoryBytes(const std::filesystem::path& root) {
  const int64_t machine_bytes = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  return std::min(machine_bytes, ReadCgroupLimits(root).memory_bytes);
}

int ProcessCount(int wanted, int64_t each_bytes, const std::filesystem::path& root) {
  if (wanted > 0) {
    return wanted;
  }
  const int64_t that_fit = AvailableMemoryBytes(root) / each_bytes;
  return static_cast<int>(std::clamp<int64_t>(that_fit, 1, AvailableCores(root)));
}

}  // namespace reel3d
