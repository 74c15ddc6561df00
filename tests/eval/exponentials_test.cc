// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/exponentials.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace reel3d {
namespace {

// Calls `test` with each set of vector instructions that this processor has.
template <class Test>
void WithEachTarget(const Test& test) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    SCOPED_TRACE(hwy::TargetName(target));
    test();
  }
  hwy::SetSupportedTargetsForTest(0);
}

TEST(Exponentials, AgreeWithTheLibrary) {
  std::vector<double> exponents;
  for (int step = -690'000; step <= 700'000; step += 77) {
    exponents.push_back(step / 1000.0);
  }
  WithEachTarget([&] {
    std::vector<double> values = exponents;
    Exponentials(values.data(), values.size());
    for (size_t index = 0; index < values.size(); ++index) {
      const double expected = std::exp(exponents[index]);
      ASSERT_NEAR(values[index], expected, 4e-16 * expected) << exponents[index];
    }
  });
}

TEST(Exponentials, HugeDifferencesBecomeZero) {
  WithEachTarget([] {
    double values[] = {0, -720, -800, -1e6, -1e300, -INFINITY};
    Exponentials(values, std::size(values));
    EXPECT_EQ(values[0], 1);
    EXPECT_NEAR(values[1], 0, 1e-300);
    EXPECT_EQ(std::vector<double>(values + 2, std::end(values)), std::vector<double>(4, 0));
  });
}

// Two classes with the same logits must have the same probability, or rounding would choose the
// answer.
TEST(Exponentials, EqualValuesGiveEqualResultsWhereverTheyStand) {
  WithEachTarget([] {
    for (size_t count = 0; count < 40; ++count) {
      for (int step = 0; step < 100; ++step) {
        std::vector<double> values(count + 1, -0.1234 * step);
        values.back() = 7;
        Exponentials(values.data(), count);
        ASSERT_EQ(values.back(), 7) << "a value behind the last one changed";
        ASSERT_EQ(std::count(values.begin(), values.end() - 1, values.front()),
                  static_cast<int64_t>(count));
      }
    }
  });
}

}  // namespace
}  // namespace reel3d
