// Keeps requests to stop pending, so that a program can handle them one by one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>

namespace reel3d {

// Blocks SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT and SIGCHLD in this thread
// while the object exists. SIGHUP stays ignored under nohup. The destructor restores the mask, and
// signals that are still pending then take effect.
class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  // Waits for the next of these signals, at most `most_ns` nanoseconds (below a second), and
  // returns it; 0 if none has come.
  int Take(long most_ns) const;
  // Drops the signals that are pending.
  void Discard() const;
  // Call it in a forked child process. It restores the mask there, and unblocks all of these
  // signals.
  void LetThrough() const;

 private:
  sigset_t held_{};
  sigset_t mask_before_{};
};

}  // namespace reel3d
