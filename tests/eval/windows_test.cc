// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/windows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reel3d {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<size_t> Choose(const std::vector<int>& num_distinct, int min_distinct, Windows windows,
                           int count = 0) {
  return ChooseWindows(num_distinct, min_distinct, {windows, count});
}

TEST(ChooseWindows, LeavesShortOnesOutUnlessThereIsNothingElse) {
  EXPECT_THAT(Choose({16, 3, 16}, 1, Windows::kKept), ElementsAre(0, 1, 2));
  EXPECT_THAT(Choose({16, 3, 16}, 4, Windows::kKept), ElementsAre(0, 2));
  EXPECT_THAT(Choose({9, 2}, 4, Windows::kKept), ElementsAre(0));
  EXPECT_THAT(Choose({9, 2}, 16, Windows::kKept), ElementsAre(0, 1));
  EXPECT_THAT(Choose({}, 16, Windows::kKept), IsEmpty());
}

TEST(ChooseWindows, TheTailIsWhatHasFewerFramesThanTheFullest) {
  EXPECT_THAT(Choose({16, 16, 4}, 16, Windows::kAll), ElementsAre(0, 1, 2));
  EXPECT_THAT(Choose({16, 16, 4}, 1, Windows::kNoTail), ElementsAre(0, 1));
  EXPECT_THAT(Choose({16, 16}, 1, Windows::kNoTail), ElementsAre(0, 1));
  EXPECT_THAT(Choose({10}, 1, Windows::kNoTail), ElementsAre(0));
  EXPECT_THAT(Choose({}, 1, Windows::kNoTail), IsEmpty());
}

TEST(ChooseWindows, SpreadOnesAreTheMiddlesOfEqualStretches) {
  const std::vector<int> ten(10, 16);
  EXPECT_THAT(Choose(ten, 1, Windows::kSpread, 1), ElementsAre(5));
  EXPECT_THAT(Choose(ten, 1, Windows::kSpread, 2), ElementsAre(2, 7));
  EXPECT_THAT(Choose(ten, 1, Windows::kSpread, 4), ElementsAre(1, 3, 6, 8));
  EXPECT_THAT(Choose({16, 16, 16}, 1, Windows::kSpread, 8), ElementsAre(0, 1, 2));
  // Windows are chosen among those with enough distinct frames.
  EXPECT_THAT(Choose({1, 16, 16, 16}, 2, Windows::kSpread, 1), ElementsAre(2));
}

TEST(ChooseWindows, OnePlaceAlone) {
  const std::vector<int> five = {16, 16, 16, 16, 2};
  EXPECT_THAT(Choose(five, 1, Windows::kFirst), ElementsAre(0));
  EXPECT_THAT(Choose(five, 1, Windows::kMiddle), ElementsAre(2));
  EXPECT_THAT(Choose(five, 1, Windows::kLast), ElementsAre(4));
  EXPECT_THAT(Choose(five, 3, Windows::kLast), ElementsAre(3));
}

TEST(WindowBegins, CropsOfAWindowStandTogether) {
  Scores scores;
  scores.videos = {{"crops", 0}, {"one crop", 0}};
  scores.clips = {{0, 0, 16, 0}, {0, 0, 16, 1}, {0, 0, 16, 2}, {1, 0, 9, 0},
                  {0, 16, 3, 0}, {0, 16, 3, 1}, {0, 16, 3, 2}, {1, 0, 9, 0}};
  EXPECT_THAT(WindowBegins(scores, {0, 1, 2, 4, 5, 6}), ElementsAre(0, 3, 6));
  EXPECT_THAT(WindowBegins(scores, {3, 7}), ElementsAre(0, 1, 2));
  EXPECT_THAT(WindowBegins(scores, {}), ElementsAre(0));
}

TEST(ClipsOfVideos, InFileOrder) {
  Scores scores;
  scores.videos = {{"long", 0}, {"short", 0}, {"none", 0}};
  scores.clips = {{0, 0, 16}, {1, 0, 9}, {0, 16, 3}, {0, 8, 16}, {1, 9, 2}};
  EXPECT_THAT(ClipsOfVideos(scores),
              ElementsAre(ElementsAre(0, 2, 3), ElementsAre(1, 4), IsEmpty()));
}

}  // namespace
}  // namespace reel3d
