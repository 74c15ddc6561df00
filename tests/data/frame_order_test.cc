// SPDX-License-Identifier: Apache-2.0
#include "lib/data/frame_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reel3d {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

TEST(FrameOrder, AsIsReversedAndOneFrame) {
  EXPECT_THAT(ShownFrames(FrameOrder::kAsIs, 5, 5, Rng(0)), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(ShownFrames(FrameOrder::kReversed, 5, 5, Rng(0)), ElementsAre(4, 3, 2, 1, 0));
  EXPECT_THAT(ShownFrames(FrameOrder::kOneFrame, 5, 5, Rng(0)), Each(2));
  EXPECT_THAT(ShownFrames(FrameOrder::kOneFrame, 16, 16, Rng(0)), Each(8));
}

// Places 3, 4 .. of a looped clip show frames 0, 1 .. again.
TEST(FrameOrder, TheMiddleOfALoopedClipIsThatOfItsDifferentFrames) {
  EXPECT_THAT(ShownFrames(FrameOrder::kOneFrame, 16, 3, Rng(0)), Each(1));
  EXPECT_THAT(ShownFrames(FrameOrder::kOneFrame, 16, 1, Rng(0)), Each(0));
}

TEST(FrameOrder, ShufflingShowsEachFrameOnceAndDependsOnlyOnTheGenerator) {
  const auto shuffled = [](uint64_t seed) {
    return ShownFrames(FrameOrder::kShuffled, 6, 6, Rng(seed, 5));
  };
  EXPECT_THAT(shuffled(1), UnorderedElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(shuffled(1), shuffled(1));
  EXPECT_NE(shuffled(1), shuffled(2));
}

TEST(FrameOrder, OnlyOtherOrdersHaveAFolderOfTheirOwn) {
  EXPECT_THAT(OrdersOf(Probe::kNone), ElementsAre(FrameOrder::kAsIs));
  std::vector<std::string> folders;
  for (const FrameOrder order : OrdersOf(Probe::kOrder)) {
    folders.push_back(FolderOf(order));
  }
  EXPECT_THAT(folders, ElementsAre("", "probe/shuffled", "probe/reversed", "probe/one-frame"));
}

}  // namespace
}  // namespace reel3d
