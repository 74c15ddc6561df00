// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/slice_order.h"

#include <gmock/gmock.h>

#include <set>

namespace reel3d {
namespace {

TEST(SliceOrder, BeginsAtSlice0) {
  const SliceOrder order(3);
  EXPECT_EQ(order.At(0), 0);
  EXPECT_EQ(order.At(2), 2);
}

TEST(SliceOrder, JumpsOnceAndStillHasEverySlice) {
  constexpr int kSlices = 5;
  SliceOrder order(kSlices);
  EXPECT_TRUE(order.JumpOnce());
  const int first = order.At(0);
  std::set<int> slices;
  for (int place = 0; place < kSlices; ++place) {
    EXPECT_EQ(order.At(place), (first + place) % kSlices);
    slices.insert(order.At(place));
  }
  EXPECT_THAT(slices, testing::ElementsAre(0, 1, 2, 3, 4));
  EXPECT_FALSE(order.JumpOnce());
  EXPECT_EQ(order.At(0), first);
}

// Each slice has the same chance, so this test fails by chance less often than once in 1e18 runs.
TEST(SliceOrder, TasksThatComeTooLateGoOnAtDifferentSlices) {
  std::set<int> firsts;
  for (int task = 0; task < 400; ++task) {
    SliceOrder order(8);
    order.JumpOnce();
    firsts.insert(order.At(0));
  }
  EXPECT_THAT(firsts, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
}

}  // namespace
}  // namespace reel3d
