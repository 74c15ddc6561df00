// Plays a training run event by event, to check the formulas of restarts.h and step_time.h: every
// node has its own clock of failures, and every rank its own delay in every step. It shares no
// formula with them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lib/plan/restarts.h"

namespace reel3d::plan {

struct SimulatedCluster {
  int num_nodes = 1000;
  double node_mtbf_s = kNever;
  double save_s = 0, start_s = 0, requeue_s = 0;
  double limit_s = kNever;
};

// Plays `num_runs` runs and returns their mean times. The same seed gives the same result.
JobTimes SimulateJobs(double work_s, double interval_s, const SimulatedCluster& cluster,
                      int num_runs, uint64_t seed);

// Returns the mean time of `num_steps` steps, each of which waits for the slowest of the ranks. A
// rank takes fixed_s and an exponential delay with the mean straggling_s.
double SimulateSteps(double fixed_s, double straggling_s, int num_ranks, int num_steps,
                     uint64_t seed);

}  // namespace reel3d::plan
