// SPDX-License-Identifier: Apache-2.0
#include "lib/plan/restarts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "tests/plan/plan_golden.h"

namespace reel3d::plan {
namespace {

using test::Near;
using test::PlanGolden;

JobConditions ConditionsOf(const nlohmann::ordered_json& row) {
  JobConditions job;
  job.save_s = row.at("save_s");
  job.start_s = row.at("start_s");
  job.mtbf_s = row.at("mtbf_s");
  return job;
}

TEST(Restarts, IntervalsOfYoungAndDaly) {
  for (const auto& row : PlanGolden("intervals")) {
    const double save_s = row.at("save_s");
    const double mtbf_s = row.at("mtbf_s");
    EXPECT_NEAR(YoungIntervalSeconds(save_s, mtbf_s), row.at("young_s"), Near(row.at("young_s")));
    EXPECT_NEAR(DalyIntervalSeconds(save_s, mtbf_s), row.at("daly_s"), Near(row.at("daly_s")));
  }
}

TEST(Restarts, WithoutALimitItIsDalysWall) {
  for (const auto& row : PlanGolden("walls")) {
    const JobTimes times = ExpectedTimes(row.at("work_s"), row.at("interval_s"), ConditionsOf(row));
    // Failures during the first start, which the paper omits, change the result by up to 1e-3.
    EXPECT_NEAR(times.wall_s, row.at("wall_s"), 1e-3 * row.at("wall_s").get<double>()) << row;
  }
}

TEST(Restarts, JobsThatEndAtALimitAddUp) {
  for (const auto& row : PlanGolden("limited_jobs")) {
    JobConditions job = ConditionsOf(row);
    job.limit_s = row.at("limit_s");
    // The work is so long that the run's beginning and end do not matter. The time for each second
    // of kept work is that of one job.
    constexpr double kWork_s = 1e12;
    const double length_s = row.at("length_s");
    const double kept_s = row.at("kept_s");
    const JobTimes times = ExpectedTimes(kWork_s, row.at("interval_s"), job);
    EXPECT_NEAR(times.wall_s / kWork_s, length_s / kept_s, 1e-6 * length_s / kept_s) << row;
  }
}

TEST(Restarts, WithoutFailuresItIsExact) {
  JobConditions job;
  job.save_s = 10;
  job.start_s = 50;
  job.limit_s = 1000;
  job.requeue_s = 300;
  // A job works from 50 s to 990 s and saves after each 200 s of work: 4 x 210 s, then 100 s, then
  // the last save. It keeps 900 s of work.
  const JobTimes times = ExpectedTimes(1800, 200, job);
  EXPECT_DOUBLE_EQ(times.num_jobs, 2);
  EXPECT_DOUBLE_EQ(times.wall_s, 1000 + 300 + 1000);
  EXPECT_DOUBLE_EQ(times.num_failures, 0);
  EXPECT_DOUBLE_EQ(times.waiting_s, 300);
  EXPECT_DOUBLE_EQ(times.saves_s, 100);
  EXPECT_NEAR(times.lost_s, 0, 1e-9);
}

TEST(Restarts, AShortRunIsOneJob) {
  JobConditions job;
  job.save_s = 1;
  job.start_s = 5;
  job.limit_s = 1000;
  EXPECT_DOUBLE_EQ(ExpectedTimes(100, 50, job).wall_s, 107);
  job.mtbf_s = 1e9;
  EXPECT_NEAR(ExpectedTimes(100, 50, job).wall_s, 107, 0.2);
}

TEST(Restarts, PartsAddUpToTheWall) {
  JobConditions job = {30, 60, 5000, 86400, 600};
  const JobTimes times = ExpectedTimes(1e6, 500, job);
  EXPECT_NEAR(times.work_s + times.saves_s + times.starts_s + times.lost_s + times.waiting_s,
              times.wall_s, 1e-6 * times.wall_s);
}

TEST(Restarts, ConditionsThatAllowNoWorkAreRefused) {
  JobConditions job;
  job.save_s = 60;
  job.start_s = 60;
  job.limit_s = 100;
  EXPECT_THROW(ExpectedTimes(1000, 10, job), Error);
  job.limit_s = kNever;
  job.mtbf_s = 0.01;
  EXPECT_THROW(ExpectedTimes(1000, 10, job), Error);
}

}  // namespace
}  // namespace reel3d::plan
