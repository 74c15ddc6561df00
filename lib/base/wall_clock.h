// Tells the time of day, for files that other hosts read.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace reel3d {

// Returns the seconds since 1970 by this host's clock, which somebody may set at any time.
inline double SecondsSince1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace reel3d
