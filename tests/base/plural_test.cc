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

TEST(FormatBytes, HasThreeDigitsAndAUnit) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(999), "999 B");
  EXPECT_EQ(FormatBytes(1000), "1 kB");
  EXPECT_EQ(FormatBytes(1.0549e9), "1.05 GB");
  EXPECT_EQ(FormatBytes(2.4e12), "2.4 TB");
  EXPECT_EQ(FormatBytes(5e21), "5e+03 EB");
}

}  // namespace
}  // namespace reel3d
