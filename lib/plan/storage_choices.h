// Compares heights and qualities of stored frames: a smaller frame takes less disk, bandwidth and
// time to load.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/plan/run_plan.h"

namespace reel3d::plan {

struct StorageChoice {
  double height = 0, quality = 0;
  double stored_bytes = 0;
  double rank_bytes_per_s = 0;  // that a rank reads while it waits for nothing
  double loader_cores = 0;      // that keep one rank fed
};

// Returns 240, 360 and 480 lines at qualities 75 and 90, and the planned height and quality, from
// small to large frames. The planned rates are carried to the others by the estimates of
// frame_cost.h.
std::vector<StorageChoice> StorageChoices(const Request& request);

}  // namespace reel3d::plan
