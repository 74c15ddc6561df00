// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/ended_attempts.h"

#include <gtest/gtest.h>

namespace reel3d {
namespace {

LeaseState Attempt(const std::string& at, const std::string& fault = "") {
  LeaseState ended;
  ended.at = at;
  ended.fault = fault;
  return ended;
}

// Random kills are not the fault of a slice.
TEST(EndedAttemptsTest, KillsAtDifferentItemsDoNotAddUp) {
  EXPECT_EQ(NumAtFault({}), 0);
  EXPECT_EQ(NumAtFault({Attempt("a, b"), Attempt("c, d"), Attempt("e")}), 1);
  EXPECT_EQ(NumAtFault({Attempt("a, b"), Attempt("b, c"), Attempt("d, b"), Attempt("d")}), 3);
}

TEST(EndedAttemptsTest, ErrorsAndKillsAtNoItemCount) {
  EXPECT_EQ(NumAtFault({Attempt("a", "the disk is full"), Attempt("b", "the disk is full")}), 2);
  EXPECT_EQ(NumAtFault({Attempt(""), Attempt("a"), Attempt("a")}), 3);
}

}  // namespace
}  // namespace reel3d
