// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "pipeline/support/item_loop.h"

namespace reel3d {
namespace {

// A reason may quote text from a hostile video. Printing failed.tsv must be safe for the terminal.
TEST(ItemLoop, ReasonsHoldNoControlCharacters) {
  const auto fail = [](const ItemTurn&) -> ItemOutcome { throw InputError("a\x1B[31m\nb\tc"); };
  const ItemLoopResult result = RunItemLoop({"v"}, {"prep", "videos", 1}, fail);
  ASSERT_EQ(result.failed.size(), 1U);
  EXPECT_EQ(result.failed[0].reason, "a\\x1B[31m b c");
  EXPECT_EQ(FormatFailedItems({{"v", "prep", "d\x1B"}}), "id\tstage\treason\nv\tprep\td\\x1B\n");
}

}  // namespace
}  // namespace reel3d
