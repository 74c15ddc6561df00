// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/preparing_options.h"

namespace reel3d {

void PreparingOptions::BindPreparing(OptionBinder& binder) {
  preparation.Bind(binder);
  binder.Bind(
      "allow-truncated", &allow_truncated,
      "prepare videos that have fewer frames than their files state; false: such videos fail");
  binder.Bind(
      "max-failed-fraction", &max_failed_fraction, RealRange{0, 1},
      "share of the videos, over all tasks, that may fail. If more fail, the exit status is 3",
      Effect::kRunOnly);
  binder.Bind(
      "threads", &threads, IntRange{0, 1024},
      "number of video files that are prepared at the same time. 0: one for each core that the "
      "job may use, but at most one for each GB of its memory",
      Effect::kRunOnly);
  limits.Bind(binder);
  binder.Bind("video-timeout", &video_timeout, IntRange{0, 100'000},
              "minutes that one row of the manifest may take in all; 0: no limit",
              Effect::kRunOnly);
}

PrepSettings PreparingOptions::SettingsOfWorkers() const {
  PrepSettings settings;
  settings.request = preparation.Request();
  settings.allow_truncated = allow_truncated;
  settings.threads = threads;
  settings.worker.program = worker_program;
  settings.worker.stall_s = limits.stall_timeout;
  settings.worker.timeout_s = video_timeout * 60.;
  settings.worker.memory_mb = limits.worker_memory;
  return settings;
}

}  // namespace reel3d
