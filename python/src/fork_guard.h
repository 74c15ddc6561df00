// Detects if this process was forked from a process whose loader threads ran. Threads do not
// survive a fork, and locks that they held stay locked in the child.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d::python {

// Counts a loader as running for as long as the object lives.
class RunningLoader {
 public:
  RunningLoader();
  ~RunningLoader();
  RunningLoader(const RunningLoader&) = delete;
  RunningLoader& operator=(const RunningLoader&) = delete;
};

// Returns true in a process that was forked, by itself or through its parents, while a loader ran.
bool ForkedFromLoader();
// Throws a usage error if ForkedFromLoader().
void RequireNoFork();

}  // namespace reel3d::python
