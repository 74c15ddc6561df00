// SPDX-License-Identifier: Apache-2.0
#include "lib/plan/step_time.h"

#include <algorithm>
#include <cmath>

namespace reel3d::plan {
namespace {

StepLimit LimitOf(const StepTime& step) {
  const double work_s = step.compute_s + step.exposed_s + step.waiting_s;
  if (step.load_s > work_s || step.read_s > work_s) {
    return step.load_s >= step.read_s ? StepLimit::kLoader : StepLimit::kStorage;
  }
  if (step.exposed_s + step.waiting_s < step.compute_s) {
    return StepLimit::kComputing;
  }
  return step.exposed_s >= step.waiting_s ? StepLimit::kGradients : StepLimit::kSlowestRank;
}

}  // namespace

const char* DescribeLimit(StepLimit limit) {
  switch (limit) {
    case StepLimit::kComputing:
      return "computing";
    case StepLimit::kLoader:
      return "loader cores";
    case StepLimit::kStorage:
      return "storage";
    case StepLimit::kGradients:
      return "gradients";
    case StepLimit::kSlowestRank:
      return "slowest rank";
  }
  return "";
}

double HarmonicNumber(double n) {
  constexpr double kExactBelow = 100;
  if (n > kExactBelow) {
    constexpr double kEulerMascheroni = 0.57721566490153286;
    return std::log(n) + kEulerMascheroni + 1 / (2 * n) - 1 / (12 * n * n);
  }
  double sum = 0;
  for (int term = 1; term <= n; ++term) {
    sum += 1.0 / term;
  }
  return sum;
}

StepTime ExpectedStep(const StepConditions& step) {
  StepTime time;
  time.compute_s = step.clips_per_rank / step.compute_clips_per_s;
  time.load_s = step.clips_per_rank / step.loader_clips_per_s;
  time.read_s = step.clips_per_rank / step.storage_clips_per_s;
  const AllReduceTime all_reduce =
      AllReduceSeconds(step.gradient_bytes, step.num_ranks, step.topology);
  time.all_reduce_s = all_reduce.seconds;
  time.by_tree = all_reduce.by_tree;
  time.exposed_s = std::max(0.0, time.all_reduce_s - step.overlap * time.compute_s);
  time.waiting_s = step.straggling_s * (HarmonicNumber(step.num_ranks) - 1);
  time.total_s =
      std::max({time.compute_s + time.exposed_s + time.waiting_s, time.load_s, time.read_s});
  time.limit = LimitOf(time);
  return time;
}

}  // namespace reel3d::plan
