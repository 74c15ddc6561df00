// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/suspect_labels.h"

#include <gtest/gtest.h>

namespace reel3d {
namespace {

SubsetScores RunOf(const std::vector<VideoScores>& videos) {
  SubsetScores run;
  run.classes = {"jump", "run", "walk"};
  run.videos = videos;
  return run;
}

TEST(SuspectLabels, ConfidentDisagreementComesFirst) {
  std::vector<SuspectLabel> suspects = SuspectsOf(RunOf({{"a", 0, {0.4, 0.5, 0.1}, 1},
                                                         {"b", 1, {0.0, 0.1, 0.9}, 1},
                                                         {"c", 2, {0.1, 0.1, 0.8}, 1},
                                                         {"d", -1, {0.9, 0.1, 0.0}, 1}}),
                                                  ParseAveraging("softmax"), 2);
  RankSuspects(&suspects);
  ASSERT_EQ(suspects.size(), 2U);  // the answer for c is right, d has no label
  EXPECT_EQ(suspects[0].id, "b");
  EXPECT_EQ(suspects[0].label, 1);
  EXPECT_EQ(suspects[0].answer, 2);
  EXPECT_NEAR(suspects[0].margin, 0.8, 1e-12);
  EXPECT_NEAR(suspects[1].margin, 0.1, 1e-12);
}

TEST(SuspectLabels, EveryRunMustGiveTheSameAnswer) {
  const std::vector<SuspectLabel> a = {
      {"a", 0, 1, 0.5}, {"b", 0, 1, 0.9}, {"c", 0, 1, 0.3}, {"e", 0, 2, 0.2}};
  const std::vector<SuspectLabel> b = {
      {"a", 0, 1, 0.4}, {"b", 0, 2, 0.9}, {"d", 0, 1, 0.3}, {"e", 0, 2, 0.6}};
  const std::vector<SuspectLabel> common = CommonSuspects(a, b);
  ASSERT_EQ(common.size(), 2U);
  EXPECT_EQ(common[0].id, "a");
  EXPECT_EQ(common[0].margin, 0.4);
  EXPECT_EQ(common[1].margin, 0.2);
}

}  // namespace
}  // namespace reel3d
