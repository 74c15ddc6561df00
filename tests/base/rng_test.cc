// SPDX-License-Identifier: Apache-2.0
#include "lib/base/rng.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace reel3d {
namespace {

// The values come from independent Python code (tests/golden/make_rng_golden.py). If they ever
// change, every split and every training order of every user changes.
TEST(StableHash, NeverChanges) {
  EXPECT_EQ(StableHash(""), 17665956581633026203U);
  EXPECT_EQ(StableHash("daria_bend"), 12051736975868346608U);
}

TEST(Rng, NeverChanges) {
  Rng rng(1, 2, 3, 4);
  EXPECT_EQ(rng.Next(), 16842514236218787419U);
  EXPECT_EQ(rng.Next(), 4742171038896131896U);
}

TEST(Rng, EveryKeyMatters) {
  std::set<uint64_t> first;
  for (const auto& keys : std::vector<std::vector<uint64_t>>{{0, 0, 0, 0},
                                                             {1, 0, 0, 0},
                                                             {0, 1, 0, 0},
                                                             {0, 0, 1, 0},
                                                             {0, 0, 0, 1},
                                                             {1, 1, 0, 0},
                                                             {0, 1, 1, 0}}) {
    first.insert(Rng(keys[0], keys[1], keys[2], keys[3]).Next());
  }
  EXPECT_EQ(first.size(), 7U);
}

// Compares chi-square of 60,000 draws over 6 values with 20.5, the 0.1 % point for 5 degrees of
// freedom.
TEST(Rng, BelowIsUniform) {
  Rng rng(7);
  std::vector<int> count(6);
  for (int i = 0; i < 60'000; ++i) {
    const int64_t value = rng.Below(6);
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 6);
    ++count[static_cast<size_t>(value)];
  }
  double chi_square = 0;
  for (const int n : count) {
    chi_square += (n - 10'000.0) * (n - 10'000.0) / 10'000.0;
  }
  EXPECT_LT(chi_square, 20.5);
}

TEST(Rng, UniformHasItsMean) {
  Rng rng(8);
  double sum = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double value = rng.Uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.005);
}

}  // namespace
}  // namespace reel3d
