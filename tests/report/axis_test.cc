// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/axis.h"

#include <gtest/gtest.h>

namespace reel3d::report {
namespace {

std::string Labels(const Axis& axis) {
  std::string text;
  for (const Tick& tick : axis.ticks()) {
    text += (text.empty() ? "" : " ") + tick.label;
  }
  return text;
}

TEST(Axis, EndsAtRoundNumbers) {
  EXPECT_EQ(Labels(Axis(Scale::kLinear, 0, 2.1, 5)), "0 0.5 1 1.5 2 2.5");
  EXPECT_EQ(Labels(Axis(Scale::kLinear, 1, 60, 6)), "0 10 20 30 40 50 60");
  EXPECT_EQ(Labels(Axis(Scale::kPercent, 0.3, 0.4, 5)), "0 20 40 60 80 100");
  EXPECT_EQ(Labels(Axis(Scale::kLog, 2e-5, 0.02, 5)), "1e-05 0.0001 0.001 0.01 0.1");
}

TEST(Axis, CoversOneValue) {
  for (const double value : {0.0, 3.0, -2.0, 1e-9}) {
    const Axis axis(Scale::kLinear, value, value, 5);
    EXPECT_GT(axis.PlaceOf(value), 0) << value;
    EXPECT_LT(axis.PlaceOf(value), 1) << value;
  }
  EXPECT_EQ(Labels(Axis(Scale::kLog, 0.1, 0.1, 5)), "0.1 1");
}

TEST(Axis, PlacesLogarithms) {
  const Axis axis(Scale::kLog, 0.001, 0.1, 5);
  EXPECT_NEAR(axis.PlaceOf(0.01), 0.5, 1e-12);
}

}  // namespace
}  // namespace reel3d::report
