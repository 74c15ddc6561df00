// Decides whether one rank wants to stop the run: because of a signal, because its job ends soon,
// or after the steps that the user asked for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "lib/base/wall_clock.h"

namespace reel3d {

// The limits of a run. Times are seconds since 1970.
struct StopLimits {
  int64_t after_steps = 0;     // --stop-after-steps; 0: no limit
  std::optional<double> at_s;  // the moment to stop; none: no limit
};

class StopWish {
 public:
  explicit StopWish(StopLimits limits, std::function<double()> now_s = SecondsSince1970)
      : limits_(limits), now_s_(std::move(now_s)) {}

  // Returns true if this rank wants to stop after `step` steps of the run.
  bool Holds(int64_t step) const;

 private:
  StopLimits limits_;
  std::function<double()> now_s_;
};

// Returns the moment for --stop-before-end: `minutes` before the scheduler ends this job. Returns
// nothing, with a warning, if the end of the job is unknown. It asks the scheduler, so call it
// once, on one rank.
std::optional<double> StopTime(double minutes);

}  // namespace reel3d
