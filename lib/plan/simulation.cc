// SPDX-License-Identifier: Apache-2.0
#include "lib/plan/simulation.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/rng.h"

namespace reel3d::plan {
namespace {

enum class EventKind { kNodeFails, kJobStarts, kFirstStep, kCheckpoint, kLimit, kFinished };

struct Event {
  double time_s = 0;
  EventKind kind = EventKind::kJobStarts;
  int64_t job = 0;  // events of a job that has ended are void
  bool operator>(const Event& other) const { return time_s > other.time_s; }
};

double Exponential(Rng* rng, double mean) { return -mean * std::log1p(-rng->Uniform()); }

class Run {
 public:
  Run(double work_s, double interval_s, const SimulatedCluster& cluster, const Rng& rng)
      : work_s_(work_s), interval_s_(interval_s), cluster_(cluster), rng_(rng) {}

  JobTimes Play() {
    times_.work_s = work_s_;
    if (std::isfinite(cluster_.node_mtbf_s)) {
      for (int node = 0; node < cluster_.num_nodes; ++node) {
        AwaitFailure(0);
      }
    }
    events_.push({0, EventKind::kJobStarts, job_});
    while (kept_s_ < work_s_) {
      const Event event = events_.top();
      events_.pop();
      Handle(event);
    }
    times_.lost_s =
        times_.wall_s - times_.work_s - times_.saves_s - times_.starts_s - times_.waiting_s;
    return times_;
  }

 private:
  void AwaitFailure(double now_s) {
    events_.push({now_s + Exponential(&rng_, cluster_.node_mtbf_s), EventKind::kNodeFails, 0});
  }

  void Handle(const Event& event) {
    if (event.kind == EventKind::kNodeFails) {
      AwaitFailure(event.time_s);  // of the node that replaces it
      if (is_running_) {
        ++times_.num_failures;
        EndJob(event.time_s);
      }
    } else if (event.job == job_) {
      HandleOwn(event);
    }
  }

  void HandleOwn(const Event& event) {
    switch (event.kind) {
      case EventKind::kJobStarts:
        is_running_ = true;
        times_.num_jobs += 1;
        is_starting_ = true;
        started_at_s_ = event.time_s;
        limit_at_s_ = event.time_s + cluster_.limit_s;
        events_.push({event.time_s + cluster_.start_s, EventKind::kFirstStep, job_});
        break;
      case EventKind::kFirstStep:
        is_starting_ = false;
        times_.starts_s += cluster_.start_s;
        Work(event.time_s);
        break;
      case EventKind::kCheckpoint:
        times_.saves_s += cluster_.save_s;
        kept_s_ += working_s_;
        times_.wall_s = event.time_s;
        Work(event.time_s);
        break;
      case EventKind::kLimit:
        times_.saves_s += cluster_.save_s;
        kept_s_ += working_s_;
        EndJob(event.time_s);
        break;
      default:
        break;
    }
  }

  // Works until the next checkpoint: after an interval, at the end, or in time for the limit.
  void Work(double now_s) {
    const double left_s = limit_at_s_ - now_s - cluster_.save_s;
    working_s_ = std::min({interval_s_, work_s_ - kept_s_, std::max(0.0, left_s)});
    const bool at_limit = left_s < interval_s_ + cluster_.save_s && working_s_ < work_s_ - kept_s_;
    events_.push({now_s + working_s_ + cluster_.save_s,
                  at_limit ? EventKind::kLimit : EventKind::kCheckpoint, job_});
  }

  void EndJob(double now_s) {
    times_.starts_s += is_starting_ ? now_s - started_at_s_ : 0;
    is_running_ = is_starting_ = false;
    ++job_;
    times_.waiting_s += cluster_.requeue_s;
    events_.push({now_s + cluster_.requeue_s, EventKind::kJobStarts, job_});
  }

  const double work_s_, interval_s_;
  const SimulatedCluster& cluster_;
  Rng rng_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  JobTimes times_;
  int64_t job_ = 1;
  bool is_running_ = false, is_starting_ = false;
  double kept_s_ = 0, working_s_ = 0, started_at_s_ = 0, limit_at_s_ = 0;
};

void Add(const JobTimes& run, double share, JobTimes* mean) {
  mean->wall_s += share * run.wall_s;
  mean->work_s += share * run.work_s;
  mean->saves_s += share * run.saves_s;
  mean->starts_s += share * run.starts_s;
  mean->lost_s += share * run.lost_s;
  mean->waiting_s += share * run.waiting_s;
  mean->num_jobs += share * run.num_jobs;
  mean->num_failures += share * run.num_failures;
}

}  // namespace

JobTimes SimulateJobs(double work_s, double interval_s, const SimulatedCluster& cluster,
                      int num_runs, uint64_t seed) {
  REEL3D_CHECK(work_s > 0 && interval_s > 0 &&
               cluster.start_s + cluster.save_s < cluster.limit_s);  // else no job ever works
  JobTimes mean;
  for (int run = 0; run < num_runs; ++run) {
    const Rng rng(seed, static_cast<uint64_t>(run));
    Add(Run(work_s, interval_s, cluster, rng).Play(), 1.0 / num_runs, &mean);
  }
  return mean;
}

double SimulateSteps(double fixed_s, double straggling_s, int num_ranks, int num_steps,
                     uint64_t seed) {
  Rng rng(seed);
  double sum_s = 0;
  for (int step = 0; step < num_steps; ++step) {
    double slowest_s = 0;
    for (int rank = 0; rank < num_ranks; ++rank) {
      slowest_s = std::max(slowest_s, Exponential(&rng, straggling_s));
    }
    sum_s += fixed_s + slowest_s;
  }
  return sum_s / num_steps;
}

}  // namespace reel3d::plan
