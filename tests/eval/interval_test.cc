// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/interval.h"

#include <gtest/gtest.h>

#include "tests/eval/figures_golden.h"

namespace reel3d {
namespace {

TEST(WilsonInterval, EqualsStatsmodels) {
  for (const auto& expected : test::FiguresGolden("wilson")) {
    const Interval interval = WilsonInterval(expected[0], expected[1], expected[2]);
    EXPECT_NEAR(interval.low, expected[3], 1e-12) << expected;
    EXPECT_NEAR(interval.high, expected[4], 1e-12) << expected;
  }
}

TEST(WilsonInterval, NothingSeenSaysNothing) {
  EXPECT_EQ(WilsonInterval(0, 0).low, 0);
  EXPECT_EQ(WilsonInterval(0, 0).high, 1);
}

TEST(Quantile, InterpolatesLikeNumpy) {
  EXPECT_DOUBLE_EQ(Quantile({1, 2, 4, 8}, 0.5), 3);
  EXPECT_DOUBLE_EQ(Quantile({1, 2, 4, 8}, 0), 1);
  EXPECT_DOUBLE_EQ(Quantile({1, 2, 4, 8}, 1), 8);
  EXPECT_DOUBLE_EQ(Quantile({7}, 0.3), 7);
  EXPECT_DOUBLE_EQ(PercentileInterval({0, 10}, 0.8).low, 1);
  EXPECT_DOUBLE_EQ(PercentileInterval({0, 10}, 0.8).high, 9);
}

}  // namespace
}  // namespace reel3d
