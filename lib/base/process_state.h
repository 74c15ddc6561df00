// Observes another process of this machine, by its number, and says where such numbers are valid.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

namespace reel3d {

struct ProcessState {
  // False as soon as the process has ended, even if its parent has not waited for it yet. Where
  // /proc hides the process, one that nobody has waited for counts as alive.
  bool is_alive = false;
  // The time at which the process started, in ticks since the machine started. A number that is
  // used again thus differs from its first use. Empty if /proc hides the process from this user.
  std::string start;
};

// Returns the state of a process; numbers below 1 are no process. Any thread may call it.
ProcessState ObserveProcess(pid_t process);

// Identifies the set of processes in which a process number has a meaning: this start of the
// machine, and the container. Any thread may call it.
std::string ProcessSpace();

}  // namespace reel3d
