// Preloaded: sends this process the signal of REEL3D_EARLY_SIGNAL while its libraries are loading.
// The variable is removed, so that processes which this one starts get none.
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
