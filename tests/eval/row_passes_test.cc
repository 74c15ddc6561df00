// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/row_passes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace reel3d {
namespace {

constexpr size_t kMostValues = 50;

TEST(RowPasses, TheLargestMayStandAnywhere) {
  for (size_t count = 1; count < kMostValues; ++count) {
    for (size_t place = 0; place < count; ++place) {
      std::vector<double> values(count, -3);
      values[place] = -2;
      EXPECT_EQ(LargestOf(values.data(), count), -2) << place << " of " << count;
    }
  }
  const float single[] = {-INFINITY};
  EXPECT_EQ(LargestOf(single, 1), -INFINITY);
}

TEST(RowPasses, EveryValueIsAddedOnce) {
  std::vector<double> powers;
  for (size_t count = 0; count < kMostValues; ++count) {
    EXPECT_EQ(SumOf(powers.data(), count), std::ldexp(1, static_cast<int>(count)) - 1);
    powers.push_back(std::ldexp(1, static_cast<int>(count)));
  }
}

TEST(RowPasses, OneBadValueIsFoundAnywhere) {
  for (size_t count = 1; count < kMostValues; ++count) {
    std::vector<float> values(count, -3.4e38F);
    EXPECT_TRUE(AreFinite(values.data(), count));
    for (const float bad : {NAN, -NAN, INFINITY, -INFINITY}) {
      for (float& value : values) {
        value = bad;
        EXPECT_FALSE(AreFinite(values.data(), count)) << bad;
        value = 3.4e38F;
      }
    }
  }
}

}  // namespace
}  // namespace reel3d
