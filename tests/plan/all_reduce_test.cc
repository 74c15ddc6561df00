// SPDX-License-Identifier: Apache-2.0
#include "lib/plan/all_reduce.h"

#include <gtest/gtest.h>

#include "lib/plan/step_time.h"
#include "tests/plan/plan_golden.h"

namespace reel3d::plan {
namespace {

using test::Near;
using test::PlanGolden;

TEST(AllReduce, RingAndTree) {
  for (const auto& row : PlanGolden("all_reduces")) {
    const Link link = {row.at("latency_s"), row.at("bytes_per_s")};
    const double size_bytes = row.at("size_bytes");
    const double members = row.at("members");
    EXPECT_NEAR(RingAllReduceSeconds(size_bytes, members, link), row.at("ring_s"),
                Near(row.at("ring_s")));
    EXPECT_NEAR(TreeAllReduceSeconds(size_bytes, members, link), row.at("tree_s"),
                Near(row.at("tree_s")));
  }
}

TEST(AllReduce, SmallMessagesOfManyNodesGoByTree) {
  const Topology topology = {8, {1e-6, 200e9}, {1e-5, 25e9}};
  EXPECT_TRUE(AllReduceSeconds(1e4, 8000, topology).by_tree);
  EXPECT_FALSE(AllReduceSeconds(1e9, 16, topology).by_tree);
}

TEST(AllReduce, ANodeUsesItsOwnLinks) {
  const Topology topology = {8, {1e-6, 200e9}, {1e-5, 25e9}};
  EXPECT_DOUBLE_EQ(AllReduceSeconds(1e9, 8, topology).seconds,
                   RingAllReduceSeconds(1e9, 8, topology.inside));
  EXPECT_EQ(AllReduceSeconds(1e9, 1, topology).seconds, 0);
}

TEST(StepTime, HarmonicNumbers) {
  for (const auto& row : PlanGolden("harmonic")) {
    EXPECT_NEAR(HarmonicNumber(row.at("n")), row.at("sum"), 1e-8);
  }
}

StepConditions QuickStep() {
  StepConditions step;
  step.num_ranks = 16;
  step.clips_per_rank = 32;
  step.compute_clips_per_s = 2000;
  step.loader_clips_per_s = 4000;
  step.storage_clips_per_s = 8000;
  step.gradient_bytes = 133e6;
  step.overlap = 0.5;
  step.topology = {8, {1e-6, 200e9}, {1e-5, 25e9}};
  return step;
}

TEST(StepTime, TheSlowestPartLimitsIt) {
  StepConditions step = QuickStep();
  EXPECT_EQ(ExpectedStep(step).limit, StepLimit::kComputing);
  step.topology.between.bytes_per_s = 1e9;
  EXPECT_EQ(ExpectedStep(step).limit, StepLimit::kGradients);
  step.loader_clips_per_s = 100;
  EXPECT_EQ(ExpectedStep(step).limit, StepLimit::kLoader);
  EXPECT_DOUBLE_EQ(ExpectedStep(step).total_s, 0.32);
  step.storage_clips_per_s = 10;
  EXPECT_EQ(ExpectedStep(step).limit, StepLimit::kStorage);
  step = QuickStep();
  step.straggling_s = 0.1;
  EXPECT_EQ(ExpectedStep(step).limit, StepLimit::kSlowestRank);
}

TEST(StepTime, ComputingHidesGradients) {
  const StepTime hidden = ExpectedStep(QuickStep());
  EXPECT_EQ(hidden.exposed_s, hidden.all_reduce_s - 0.5 * hidden.compute_s > 0
                                  ? hidden.all_reduce_s - 0.5 * hidden.compute_s
                                  : 0);
  StepConditions alone = QuickStep();
  alone.overlap = 0;
  EXPECT_DOUBLE_EQ(ExpectedStep(alone).exposed_s, ExpectedStep(alone).all_reduce_s);
  EXPECT_GT(ExpectedStep(alone).total_s, hidden.total_s);
}

}  // namespace
}  // namespace reel3d::plan
