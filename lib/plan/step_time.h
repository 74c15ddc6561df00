// Computes the time of one training step, and names what limits it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/plan/all_reduce.h"

namespace reel3d::plan {

struct StepConditions {
  double num_ranks = 1;
  double clips_per_rank = 1;       // in a step
  double compute_clips_per_s = 1;  // of one rank
  double loader_clips_per_s = 1;   // of one rank's loader cores
  double storage_clips_per_s = 1;  // clips that storage delivers to one rank
  double gradient_bytes = 0;
  double overlap = 0;       // share of the computing during which gradients are exchanged
  double straggling_s = 0;  // mean delay of a rank in a step
  Topology topology;
};

enum class StepLimit { kComputing, kLoader, kStorage, kGradients, kSlowestRank };
const char* DescribeLimit(StepLimit limit);

struct StepTime {
  double total_s = 0;
  double compute_s = 0, load_s = 0, read_s = 0;
  double all_reduce_s = 0, exposed_s = 0;  // exposed: the part that computing does not hide
  double waiting_s = 0;                    // for the slowest rank
  bool by_tree = false;
  StepLimit limit = StepLimit::kComputing;
};

// Loading and reading go on while the rank computes, so the slowest of the three decides. Each
// rank's delay is exponential, and the step waits for the longest of n delays. On average that
// takes H(n) = 1 + 1/2 + ... + 1/n times the mean delay. One mean delay is already part of the
// measured computing.
StepTime ExpectedStep(const StepConditions& step);

// Returns 1 + 1/2 + ... + 1/n.
double HarmonicNumber(double n);

}  // namespace reel3d::plan
