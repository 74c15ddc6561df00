// Computes what failures, time limits and checkpoints cost a job that continues from its newest
// checkpoint.
//
// J. W. Young, "A first order approximation to the optimum checkpoint interval", CACM 17 (1974).
// J. T. Daly, "A higher order estimate of the optimum checkpoint interval for restart dumps",
// Future Generation Computer Systems 22 (2006).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>

namespace reel3d::plan {

constexpr double kNever = std::numeric_limits<double>::infinity();

// Returns sqrt(2 save_s mtbf_s), Young's time of work between two checkpoints. `save_s` is the time
// that training stops for a checkpoint, and `mtbf_s` the mean time between failures of the job.
double YoungIntervalSeconds(double save_s, double mtbf_s);

// Returns Daly's time, equation 37: sqrt(2 save mtbf) (1 + sqrt(x) / 3 + x / 9) - save with
// x = save / (2 mtbf), and mtbf if save is at least 2 mtbf.
double DalyIntervalSeconds(double save_s, double mtbf_s);

// Returns the mean time between failures of a job that ends when any of its nodes fails.
double JobMtbfSeconds(double node_mtbf_s, double num_nodes);

struct JobConditions {
  double save_s = 0;        // training stops for this time at each checkpoint
  double start_s = 0;       // from the job's start to its first step
  double mtbf_s = kNever;   // mean time between failures of the job (a Poisson process)
  double limit_s = kNever;  // the job saves, stops and is queued again before this time
  double requeue_s = 0;     // from the end of a job to the start of the next
};

// The parts of wall_s: work, saves, starts, lost (work that is done again) and waiting (requeues).
struct JobTimes {
  double wall_s = 0;
  double work_s = 0, saves_s = 0, starts_s = 0, lost_s = 0, waiting_s = 0;
  double num_jobs = 0, num_failures = 0;
};

// Returns the expected times of `work_s` seconds of training with a checkpoint after each
// `interval_s` of work. Each job is a renewal: its length is the lesser of the failure's time and
// the limit, and it keeps the work before its last checkpoint. Without a limit this is Daly's
// equation 20, mtbf e^(start/mtbf) (e^((interval + save)/mtbf) - 1) work / interval, plus the first
// start; without failures it is exact. With both it may be wrong by half a job's start and requeue.
// Throws a usage error if the limit leaves no time to work, or failures are so frequent that no
// checkpoint would ever be reached.
JobTimes ExpectedTimes(double work_s, double interval_s, const JobConditions& job);

}  // namespace reel3d::plan
