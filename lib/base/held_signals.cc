// SPDX-License-Identifier: Apache-2.0
#include "lib/base/held_signals.h"

#include <array>
#include <ctime>

namespace reel3d {
namespace {

constexpr std::array<int, 7> kRequests = {SIGINT,  SIGTERM, SIGUSR1, SIGUSR2,
                                          SIGTSTP, SIGCONT, SIGCHLD};

}  // namespace

HeldSignals::HeldSignals() {
  sigemptyset(&held_);
  for (const int signal : kRequests) {
    sigaddset(&held_, signal);
  }
  struct sigaction hang_up {};
  sigaction(SIGHUP, nullptr, &hang_up);
  if (hang_up.sa_handler != SIG_IGN) {  // nohup ignores it
    sigaddset(&held_, SIGHUP);
  }
  sigprocmask(SIG_BLOCK, &held_, &mask_before_);
}

HeldSignals::~HeldSignals() { sigprocmask(SIG_SETMASK, &mask_before_, nullptr); }

int HeldSignals::Take(long most_ns) const {
  const timespec wait{0, most_ns};
  const int signal = sigtimedwait(&held_, nullptr, &wait);
  return signal > 0 ? signal : 0;
}

void HeldSignals::Discard() const {
  while (Take(0) != 0) {
  }
}

void HeldSignals::LetThrough() const {
  sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  sigprocmask(SIG_UNBLOCK, &held_, nullptr);
}

}  // namespace reel3d
