// A preloaded library (LD_PRELOAD). It sends its own process the signal REEL3D_EARLY_SIGNAL while
// libraries are loading. It removes the variable, so that child processes get no signal.
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdlib>

namespace {

[[gnu::constructor]] void Raise() {
  if (const char* signal = std::getenv("REEL3D_EARLY_SIGNAL")) {
    const int number = std::atoi(signal);
    unsetenv("REEL3D_EARLY_SIGNAL");
    std::raise(number);
  }
}

}  // namespace
