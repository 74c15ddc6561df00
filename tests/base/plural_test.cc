// SPDX-License-Identifier: Apache-2.0
#include "lib/base/plural.h"

#include <gtest/gtest.h>

namespace reel3d {
namespace {

TEST(Count, SaysOneAsOne) {
  EXPECT_EQ(Count(0, "thread"), "0 threads");
  EXPECT_EQ(Count(1, "thread"), "1 thread");
  EXPECT_EQ(Count(2, "thread"), "2 threads");
  EXPECT_EQ(Count(1, "class", "classes"), "1 class");
  EXPECT_EQ(Count(101, "class", "classes"), "101 classes");
}

}  // namespace
}  // namespace reel3d
