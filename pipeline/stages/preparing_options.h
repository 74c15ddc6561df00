// Options of a tool that prepares the videos of a manifest in worker processes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/base/option_binder.h"
#include "pipeline/stages/preparation.h"
#include "pipeline/support/preparation_options.h"
#include "pipeline/support/worker_limits.h"

namespace reel3d {

struct PreparingOptions {
  PreparationOptions preparation;
  bool allow_truncated = false;
  double max_failed_fraction = 0.01;
  int threads = 0;
  WorkerLimits limits;
  int video_timeout = 240;  // minutes

  // Not an option: the program that serves as worker, see prep_worker.h.
  std::string worker_program = "/proc/self/exe";

  void BindPreparing(OptionBinder& binder);
  PrepSettings SettingsOfWorkers() const;
};

}  // namespace reel3d
