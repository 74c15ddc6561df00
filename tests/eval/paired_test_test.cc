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

TEST(PairedInterval, EqualsTheLikelihoodsOfAnotherProgram) {
  const std::string text = ReadFile(test::SourceFolder() / "tests/golden/paired_golden.json");
  const nlohmann::json golden = nlohmann::json::parse(text);
  EXPECT_EQ(golden.size(), 28U);
  for (const auto& expected : golden) {
    const Interval interval =
        PairedInterval(expected[0], expected[1], expected[2], expected[3].get<double>());
    EXPECT_NEAR(interval.low, expected[4], 1e-7) << expected;
    EXPECT_NEAR(interval.high, expected[5], 1e-7) << expected;
  }
}

TEST(PairedInterval, WithoutChangesTheNumberOfVideosCounts) {
  const double z = 1.6448536269514722;
  const Interval interval = PairedInterval(0, 0, 200, 0.9);
  EXPECT_NEAR(interval.high, z * z / (200 + z * z), 1e-12);
  EXPECT_NEAR(interval.low, -interval.high, 1e-12);
  EXPECT_EQ(PairedInterval(0, 0, 0, 0.9).low, -1);
  EXPECT_EQ(PairedInterval(0, 0, 0, 0.9).high, 1);
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
