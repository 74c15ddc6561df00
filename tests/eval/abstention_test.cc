// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/abstention.h"

#include <gtest/gtest.h>

namespace reel3d {
namespace {

// Returns answers for twenty videos with rising confidence. The ten most confident are right; of
// the others, two are.
std::vector<Forecast> Twenty() {
  std::vector<Forecast> forecasts;
  for (int video = 0; video < 20; ++video) {
    forecasts.push_back({video / 20.0, video >= 10 || video % 5 == 0});
  }
  return forecasts;
}

TEST(RiskCoverage, TheSurestAreAnsweredFirst) {
  const std::vector<CoveragePoint> points = RiskCoverage(Twenty());
  ASSERT_EQ(points.size(), 10U);
  EXPECT_DOUBLE_EQ(points[0].coverage, 0.1);
  EXPECT_DOUBLE_EQ(points[0].threshold, 18 / 20.0);
  EXPECT_EQ(points[0].precision, 1);
  EXPECT_EQ(points[4].precision, 1);
  EXPECT_DOUBLE_EQ(points[5].precision, 10 / 12.0);
  EXPECT_DOUBLE_EQ(points[9].precision, 12 / 20.0);
  EXPECT_EQ(points[9].num_answered, 20);
  EXPECT_EQ(points[9].precision_interval.low, WilsonInterval(12, 20).low);
  EXPECT_TRUE(RiskCoverage({}).empty());
}

TEST(RiskCoverage, EqualConfidencesAreAnsweredTogether) {
  const std::vector<CoveragePoint> points =
      RiskCoverage({{0.5, true}, {0.5, false}, {0.5, false}, {0.4, true}});
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].num_answered, 3);
  EXPECT_EQ(points[1].num_answered, 4);
}

TEST(ThresholdFor, AnswersAsManyAsItCan) {
  EXPECT_EQ(ThresholdFor(Twenty(), 1)->num_answered, 10);
  EXPECT_DOUBLE_EQ(ThresholdFor(Twenty(), 1)->threshold, 0.5);
  EXPECT_EQ(ThresholdFor(Twenty(), 0.6)->num_answered, 20);
  EXPECT_EQ(ThresholdFor(Twenty(), 0.9)->num_answered, 11);
  EXPECT_FALSE(ThresholdFor({{0.9, false}, {0.1, true}}, 0.8).has_value());
  EXPECT_FALSE(ThresholdFor({}, 0.5).has_value());
}

}  // namespace
}  // namespace reel3d
