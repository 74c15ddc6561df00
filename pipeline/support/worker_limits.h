// Limits of the worker process (prep_worker.h) that prepares a video. A video fails if its worker
// hangs or takes too much memory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/base/option_binder.h"

namespace reel3d {

struct WorkerLimits {
  int stall_timeout = 120;   // seconds
  int worker_memory = 4096;  // MB

  // Binds --stall-timeout and --worker-memory.
  void Bind(OptionBinder& binder) {
    binder.Bind("stall-timeout", &stall_timeout, IntRange{1, 86'400},
                "seconds without a new frame after which a video fails, because its decoder hangs",
                Effect::kRunOnly);
    binder.Bind("worker-memory", &worker_memory, IntRange{0, 1'000'000},
                "MB of address space that the process decoding one video may take. A video of 8192 "
                "x 8192 pixels may need all of the default. 0: no limit",
                Effect::kRunOnly);
  }
};

}  // namespace reel3d
