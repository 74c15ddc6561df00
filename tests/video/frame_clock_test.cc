// SPDX-License-Identifier: Apache-2.0
#include "lib/video/frame_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace reel3d {
namespace {

constexpr double kStep_s = 0.1;

std::vector<double> Times(const std::vector<double>& raw, bool leaps, int num_faults) {
  FrameClock clock(kStep_s, leaps);
  std::vector<double> times;
  for (const double raw_s : raw) {
    times.push_back(clock.Next(raw_s));
  }
  EXPECT_EQ(clock.num_faults(), num_faults);
  return times;
}

testing::Matcher<std::vector<double>> Near(const std::vector<double>& times) {
  return testing::Pointwise(testing::DoubleNear(1e-9), times);
}

TEST(FrameClockTest, LeavesAnOrdinaryClockAlone) {
  const std::vector<double> times{-0.2, -0.1, 0, 0.1, 0.5, 0.6, 9};
  EXPECT_EQ(Times(times, true, 0), times);
}

TEST(FrameClockTest, GoesOnWhereTheClockStartsAgain) {
  const std::vector<double> raw{5, 5.1, 5.2, 0, 0.1, 0.3, -7, -6.9};
  EXPECT_THAT(Times(raw, false, 2), Near({5, 5.1, 5.2, 5.3, 5.4, 5.6, 5.7, 5.8}));
}

TEST(FrameClockTest, ClosesGapsOfBroadcastsAlone) {
  const std::vector<double> raw{0, 0.1, 3600, 3600.1, 95443, 95443.1};
  EXPECT_EQ(Times(raw, false, 0), raw);
  EXPECT_THAT(Times(raw, true, 2), Near({0, 0.1, 0.2, 0.3, 0.4, 0.5}));
}

TEST(FrameClockTest, TakesAFewFramesOutOfOrderForDisorder) {
  const std::vector<double> raw{0, 0.3, 0.1, 0.2, 0.6, 0.4, 0.5};
  EXPECT_EQ(Times(raw, true, 0), raw);
}

}  // namespace
}  // namespace reel3d
