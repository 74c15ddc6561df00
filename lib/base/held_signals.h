// Keeps requests to stop pending, so that a program can take them one by one and answer them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>

namespace reel3d {

// Blocks SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT and SIGCHLD of this thread
// during its lifetime. SIGHUP stays ignored under nohup. The end of the scope restores the mask,
// and what is pending then takes effect.
class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  // Waits for the next of the signals, at most `most_ns` (below a second), and returns it; 0 if
  // none has come.
  int Take(long most_ns) const;
  // Drops the signals that are pending.
  void Discard() const;
  // Restores the mask in a process that this one has forked, and lets all of the signals through.
  void LetThrough() const;

 private:
  sigset_t held_{};
  sigset_t mask_before_{};
};

}  // namespace reel3d
