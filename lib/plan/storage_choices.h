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
  double rank_bytes_per_s = 0;  // read by a rank that never waits
  double loader_cores = 0;      // cores that load as fast as a rank computes
};

// Returns 240, 360 and 480 lines at qualities 75 and 90, and the planned height and quality, from
// small to large frames. The estimates of frame_cost.h convert the planned rates to the other
// choices.
std::vector<StorageChoice> StorageChoices(const Request& request);

}  // namespace reel3d::plan
