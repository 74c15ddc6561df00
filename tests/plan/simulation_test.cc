// Checks that the formulas agree with a simulation of 1,000 nodes to 5 %.
// SPDX-License-Identifier: Apache-2.0
#include "lib/plan/simulation.h"

#include <gtest/gtest.h>

#include "lib/plan/step_time.h"

namespace reel3d::plan {
namespace {

constexpr double kDay_s = 86400;
constexpr int kNumNodes = 1000;

struct Case {
  const char* name;
  double node_mtbf_days, save_s, start_s, requeue_s, limit_s;
};

void PrintTo(const Case& condition, std::ostream* out) { *out << condition.name; }

class Formulas : public ::testing::TestWithParam<Case> {
 protected:
  JobConditions Job() const {
    const Case& given = GetParam();
    JobConditions job;
    job.mtbf_s = JobMtbfSeconds(given.node_mtbf_days * kDay_s, kNumNodes);
    job.save_s = given.save_s;
    job.start_s = given.start_s;
    job.requeue_s = given.requeue_s;
    job.limit_s = given.limit_s;
    return job;
  }
  SimulatedCluster Cluster() const {
    const Case& given = GetParam();
    return {kNumNodes,       given.node_mtbf_days * kDay_s,
            given.save_s,    given.start_s,
            given.requeue_s, given.limit_s};
  }
};

TEST_P(Formulas, AgreeWithTheSimulation) {
  constexpr double kWork_s = 10 * kDay_s;
  const JobConditions job = Job();
  const double interval_s = DalyIntervalSeconds(job.save_s, job.mtbf_s);
  const JobTimes expected = ExpectedTimes(kWork_s, interval_s, job);
  const JobTimes played = SimulateJobs(kWork_s, interval_s, Cluster(), 300, 1);
  EXPECT_NEAR(expected.wall_s / played.wall_s, 1, 0.05);
  EXPECT_NEAR(expected.num_jobs / played.num_jobs, 1, 0.05);
  EXPECT_NEAR(expected.num_failures / played.num_failures, 1, 0.05);
  EXPECT_NEAR(expected.saves_s / played.saves_s, 1, 0.05);
  EXPECT_NEAR(expected.starts_s / played.starts_s, 1, 0.05);
  EXPECT_NEAR(expected.lost_s / played.lost_s, 1, 0.05);
}

INSTANTIATE_TEST_SUITE_P(OfOneThousandNodes, Formulas,
                         ::testing::Values(Case{"published", 150, 10, 60, 1800, kDay_s},
                                           Case{"no_limit", 150, 30, 300, 1800, kNever},
                                           Case{"frequent", 20, 30, 120, 600, kDay_s},
                                           Case{"short_jobs", 150, 30, 120, 600, 3 * 3600.0},
                                           Case{"slow_saves", 60, 300, 600, 3600, kDay_s / 2}),
                         [](const auto& info) { return info.param.name; });

TEST(Formulas, DalysIntervalIsNearTheBest) {
  const SimulatedCluster cluster = {kNumNodes, 60 * kDay_s, 60, 300, 0, kNever};
  const double mtbf_s = JobMtbfSeconds(cluster.node_mtbf_s, kNumNodes);
  const double daly_s = DalyIntervalSeconds(cluster.save_s, mtbf_s);
  const auto played = [&](double interval_s) {
    return SimulateJobs(5 * kDay_s, interval_s, cluster, 30, 2).wall_s;
  };
  EXPECT_LT(played(daly_s), played(4 * daly_s));
  EXPECT_LT(played(daly_s), played(daly_s / 4));
}

TEST(Formulas, StepsWaitForTheSlowestRank) {
  constexpr int kNumRanks = 1000;
  StepConditions step;
  step.num_ranks = kNumRanks;
  step.clips_per_rank = 11;
  step.compute_clips_per_s = 100;  // 11 clips: 0.1 s and a mean delay of 0.01 s
  step.loader_clips_per_s = step.storage_clips_per_s = 1e9;
  step.straggling_s = 0.01;
  step.topology = {1, {0, 1e9}, {0, 1e9}};
  const double played_s = SimulateSteps(0.1, step.straggling_s, kNumRanks, 500, 3);
  EXPECT_NEAR(ExpectedStep(step).total_s / played_s, 1, 0.05);
}

TEST(Simulation, IsRepeatable) {
  const SimulatedCluster cluster = {100, 10 * kDay_s, 30, 60, 60, kDay_s};
  const double wall_s = SimulateJobs(kDay_s, 600, cluster, 3, 9).wall_s;
  EXPECT_EQ(SimulateJobs(kDay_s, 600, cluster, 3, 9).wall_s, wall_s);
  EXPECT_NE(SimulateJobs(kDay_s, 600, cluster, 3, 10).wall_s, wall_s);
}

TEST(Simulation, WithoutFailuresItIsExact) {
  const SimulatedCluster cluster = {10, kNever, 10, 50, 300, 1000};
  const JobTimes times = SimulateJobs(1800, 200, cluster, 1, 1);
  EXPECT_DOUBLE_EQ(times.wall_s, 1000 + 300 + 1000);
  EXPECT_DOUBLE_EQ(times.num_jobs, 2);
}

}  // namespace
}  // namespace reel3d::plan
