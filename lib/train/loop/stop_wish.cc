// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/stop_wish.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/job_end.h"
#include "lib/base/log.h"
#include "lib/base/progress.h"
#include "lib/base/stop_signal.h"
#include "lib/base/wall_clock.h"

namespace reel3d {

bool StopWish::Holds(int64_t step) const {
  return StopRequested() || (limits_.at_s && now_s_() >= *limits_.at_s) ||
         (limits_.after_steps > 0 && step >= limits_.after_steps);
}

std::optional<double> StopTime(double minutes) {
  const std::optional<int64_t> job_end_s = JobEndTime();
  if (!job_end_s) {
    LogWarn(
        fmt::format("--stop-before-end {:g}: neither SLURM_JOB_END_TIME nor squeue says when "
                    "this job ends: it continues until a request to stop",
                    minutes));
    return std::nullopt;
  }
  const auto end_s = static_cast<double>(*job_end_s);
  LogInfo(fmt::format("the job ends in {}: --stop-before-end {:g} minutes of them are left",
                      FormatDuration(std::max(0.0, end_s - SecondsSince1970())), minutes));
  return end_s - minutes * 60;
}

}  // namespace reel3d
