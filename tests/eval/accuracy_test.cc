// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/accuracy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reel3d {
namespace {

using ::testing::ElementsAre;

TEST(TopClasses, LowerIndexComesFirstInATie) {
  const double scores[] = {0.1, 0.4, 0.4, 0.0, 0.1};
  EXPECT_THAT(TopClasses(scores, 5, 3), ElementsAre(1, 2, 0));
  EXPECT_THAT(TopClasses(scores, 5, 99), ElementsAre(1, 2, 0, 4, 3));
  const std::vector<int> order = TopClasses(scores, 5, 5);
  for (int rank = 0; rank < 5; ++rank) {
    EXPECT_EQ(RankOfClass(scores, 5, order[rank]), rank);
  }
}

TEST(BestClass, IsTheFirstOfTheHighest) {
  const double scores[] = {-0.3, -0.1, -0.1, -0.2};
  EXPECT_EQ(BestClass(scores, 4), 1);
  EXPECT_EQ(BestClass(scores, 1), 0);
  EXPECT_EQ(BestClass(scores + 2, 2), 0);
}

// Three answers are right, one is in the top 5, one is wrong. Five more videos have no answer.
Accuracy FiveOfTen() { return {{{0, 0, 0}, {0, 0, 0}, {1, 1, 0}, {1, 0, 3}, {5, 1, 5}}, 10, 6}; }

TEST(Accuracy, MissingVideosCountAsWrongOrNotAtAll) {
  const Accuracy accuracy = FiveOfTen();
  EXPECT_DOUBLE_EQ(accuracy.Top1(), 0.3);
  EXPECT_DOUBLE_EQ(accuracy.Top5(), 0.4);
  EXPECT_DOUBLE_EQ(accuracy.Average(), 0.35);
  EXPECT_DOUBLE_EQ(accuracy.Top1(true), 0.6);
  EXPECT_DOUBLE_EQ(accuracy.Top5(true), 0.8);
  EXPECT_DOUBLE_EQ(accuracy.Average(true), 0.7);
}

TEST(Accuracy, PerClassAndConfusion) {
  const Accuracy accuracy = FiveOfTen();
  EXPECT_EQ(accuracy.classes()[0].num_videos, 2);
  EXPECT_EQ(accuracy.classes()[1].num_top1, 1);
  EXPECT_EQ(accuracy.classes()[1].num_top5, 2);
  EXPECT_EQ(accuracy.classes()[5].num_top5, 0);
  EXPECT_THAT(accuracy.confusion()[1], ElementsAre(1, 1, 0, 0, 0, 0));
  EXPECT_THAT(accuracy.confusion()[5], ElementsAre(0, 1, 0, 0, 0, 0));
  // Classes without videos do not count.
  EXPECT_DOUBLE_EQ(accuracy.MeanClassTop1(), (1.0 + 0.5 + 0.0) / 3);
}

TEST(Accuracy, NothingScored) {
  EXPECT_EQ(Accuracy({}, 0, 3).Top1(), 0);
  EXPECT_EQ(Accuracy({}, 4, 3).Top1(true), 0);
}

}  // namespace
}  // namespace reel3d
