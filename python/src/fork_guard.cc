// SPDX-License-Identifier: Apache-2.0
#include "python/src/fork_guard.h"

#include <pthread.h>

#include <atomic>

#include "lib/base/error.h"

namespace reel3d::python {
namespace {

std::atomic<int> num_running{0};
std::atomic<bool> forked{false};

void NoteFork() {
  if (num_running > 0) {
    forked = true;
  }
}

}  // namespace

RunningLoader::RunningLoader() {
  static const int registered = pthread_atfork(nullptr, nullptr, NoteFork);
  static_cast<void>(registered);
  ++num_running;
}

RunningLoader::~RunningLoader() { --num_running; }

bool ForkedFromLoader() { return forked; }

void RequireNoFork() {
  if (forked) {
    throw UsageError(
        "this process was forked while a reel3d loader ran, and its threads stayed in the parent: "
        "close the loader before the fork, or start processes by 'spawn' "
        "(multiprocessing.get_context(\"spawn\"))");
  }
}

}  // namespace reel3d::python
