// SPDX-License-Identifier: Apache-2.0
#include "lib/base/host.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

namespace reel3d {

std::string HostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) {
    return "unknown";
  }
  return name.data();
}

// The C library asks for the affinity here, for any number of cores.
int AvailableCores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

}  // namespace reel3d
