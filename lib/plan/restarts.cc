// SPDX-License-Identifier: Apache-2.0
#include "lib/plan/restarts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/base/error.h"

namespace reel3d::plan {
namespace {

// Expected values of one job that is not the last one.
struct OneJob {
  double length_s = 0, kept_s = 0, num_saves = 0;
  double reaches_limit = 0;  // probability of reaching the time limit
};

// Returns a job without a failure, which reaches its time limit. Its last save ends at the limit.
OneJob JobToLimit(double interval_s, const JobConditions& job) {
  const double usable_s = job.limit_s - job.start_s - job.save_s;
  if (!(usable_s > 0)) {
    throw UsageError(
        fmt::format("a job of {:.6g} s starts in {:.6g} s and saves in {:.6g} s, which leaves no "
                    "time to work: give a longer --time-limit-hours",
                    job.limit_s, job.start_s, job.save_s));
  }
  const double cycle_s = interval_s + job.save_s;
  const double cycles = std::floor(usable_s / cycle_s);
  const double rest_s = usable_s - cycles * cycle_s;
  return {job.limit_s, cycles * interval_s + std::min(rest_s, interval_s), cycles + 1, 1};
}

OneJob JobWithFailures(double interval_s, const JobConditions& job) {
  const double cycle_s = interval_s + job.save_s;
  const double start_survives = std::exp(-job.start_s / job.mtbf_s);
  const double cycle_odds = 1 / std::expm1(cycle_s / job.mtbf_s);  // q / (1 - q), q: cycle survives
  OneJob one;
  one.length_s = job.mtbf_s;
  one.num_saves = start_survives * cycle_odds;
  if (std::isfinite(job.limit_s)) {
    const OneJob full = JobToLimit(interval_s, job);
    one.reaches_limit = std::exp(-job.limit_s / job.mtbf_s);
    one.length_s = -job.mtbf_s * std::expm1(-job.limit_s / job.mtbf_s);
    const double cycles = full.num_saves - 1;
    // The sum over k of the probability that the job fails after cycle k and before the limit.
    one.num_saves *= -std::expm1(-cycles * cycle_s / job.mtbf_s);
    one.num_saves -= cycles * one.reaches_limit;
    one.kept_s = one.num_saves * interval_s + one.reaches_limit * full.kept_s;
    one.num_saves += one.reaches_limit * full.num_saves;
    return one;
  }
  one.kept_s = one.num_saves * interval_s;
  return one;
}

// Returns the expected time of a start, which ends early if a node fails.
double StartSeconds(const JobConditions& job) {
  return std::isfinite(job.mtbf_s) ? -job.mtbf_s * std::expm1(-job.start_s / job.mtbf_s)
                                   : job.start_s;
}

OneJob TypicalJob(double interval_s, const JobConditions& job) {
  return std::isfinite(job.mtbf_s) ? JobWithFailures(interval_s, job) : JobToLimit(interval_s, job);
}

JobTimes WithoutRestarts(double work_s, double interval_s, const JobConditions& job) {
  JobTimes times;
  times.work_s = work_s;
  times.saves_s = std::ceil(work_s / interval_s) * job.save_s;
  times.starts_s = job.start_s;
  times.num_jobs = 1;
  times.wall_s = times.work_s + times.saves_s + times.starts_s;
  return times;
}

}  // namespace

double YoungIntervalSeconds(double save_s, double mtbf_s) { return std::sqrt(2 * save_s * mtbf_s); }

double DalyIntervalSeconds(double save_s, double mtbf_s) {
  if (save_s >= 2 * mtbf_s) {
    return mtbf_s;
  }
  const double x = save_s / (2 * mtbf_s);
  return YoungIntervalSeconds(save_s, mtbf_s) * (1 + std::sqrt(x) / 3 + x / 9) - save_s;
}

double JobMtbfSeconds(double node_mtbf_s, double num_nodes) { return node_mtbf_s / num_nodes; }

JobTimes ExpectedTimes(double work_s, double interval_s, const JobConditions& job) {
  const double cycle_s = interval_s + job.save_s;
  const double undisturbed_s = job.start_s + work_s + std::ceil(work_s / interval_s) * job.save_s;
  if (!std::isfinite(job.mtbf_s) && undisturbed_s <= job.limit_s) {
    return WithoutRestarts(work_s, interval_s, job);
  }
  const OneJob one = TypicalJob(interval_s, job);
  JobTimes times;
  times.work_s = work_s;
  const double ratio = work_s / one.kept_s;
  // A run ends in the middle of a job. Failures have no memory, so with failures the last job adds
  // one to `ratio`. Jobs that end at the limit all do the same work, so `ratio` is rounded up.
  times.num_jobs = one.reaches_limit * std::ceil(ratio) + (1 - one.reaches_limit) * (ratio + 1);
  const double busy_s = ratio * one.length_s + (times.num_jobs - ratio) * job.start_s;
  times.num_failures = std::isfinite(job.mtbf_s) ? busy_s / job.mtbf_s : 0;
  times.saves_s = ratio * one.num_saves * job.save_s;
  times.starts_s = times.num_jobs * StartSeconds(job);
  times.lost_s = std::max(0.0, busy_s - times.work_s - times.saves_s - times.starts_s);
  times.waiting_s = (times.num_jobs - 1) * job.requeue_s;
  times.wall_s = busy_s + times.waiting_s;
  if (!std::isfinite(times.wall_s)) {
    throw UsageError(
        fmt::format("a failure every {:.3g} s, as planned, would end each job before it has worked "
                    "and saved for {:.3g} s: use fewer nodes or save more often",
                    job.mtbf_s, cycle_s));
  }
  return times;
}

}  // namespace reel3d::plan
