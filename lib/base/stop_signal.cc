// SPDX-License-Identifier: Apache-2.0
#include "lib/base/stop_signal.h"

#include <csignal>

namespace reel3d {
namespace {

volatile std::sig_atomic_t stop_requested = 0;

void OnSignal(int /*signal*/) { stop_requested = 1; }

}  // namespace

void CatchStopSignals() {
  struct sigaction action {};
  action.sa_handler = OnSignal;
  // Once: the next one finds the default action, which is to end the process.
  action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGUSR1, &action, nullptr);
}

bool StopRequested() { return stop_requested != 0; }

}  // namespace reel3d
