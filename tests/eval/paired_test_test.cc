// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/paired_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/eval/figures_golden.h"

namespace reel3d {
namespace {

using ::testing::DoubleNear;
using ::testing::IsEmpty;
using ::testing::Pointwise;

TEST(McNemarPValue, EqualsStatsmodels) {
  for (const auto& expected : test::FiguresGolden("mcnemar")) {
    EXPECT_NEAR(McNemarPValue(expected[0], expected[1]), expected[2], 1e-12) << expected;
    EXPECT_EQ(McNemarPValue(expected[0], expected[1]), McNemarPValue(expected[1], expected[0]));
  }
}

TEST(HolmAdjusted, EqualsStatsmodels) {
  for (const auto& expected : test::FiguresGolden("holm")) {
    EXPECT_THAT(HolmAdjusted(expected["p"]),
                Pointwise(DoubleNear(1e-12), expected["adjusted"].get<std::vector<double>>()));
  }
  EXPECT_THAT(HolmAdjusted({}), IsEmpty());
}

}  // namespace
}  // namespace reel3d
