// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/average_precision.h"

#include <gtest/gtest.h>

#include "tests/eval/figures_golden.h"

namespace reel3d {
namespace {

TEST(Ranking, EqualsScikitLearn) {
  const auto golden = test::FiguresGolden("ranking");
  const std::vector<std::vector<double>> scores = golden["scores"];
  std::vector<LabelledScores> videos;
  for (size_t video = 0; video < scores.size(); ++video) {
    videos.push_back({scores[video].data(), golden["labels"][video]});
  }
  const auto num_classes = static_cast<int>(scores[0].size());
  const RankingFigures figures = MeasureRanking(videos, num_classes);
  for (size_t label = 0; label < scores[0].size(); ++label) {
    const auto& expected = golden["average_precision"][label];
    ASSERT_EQ(figures.average_precision[label].has_value(), !expected.is_null()) << label;
    if (!expected.is_null()) {
      EXPECT_NEAR(*figures.average_precision[label], expected, 1e-12) << label;
    }
  }
  EXPECT_NEAR(figures.mean_average_precision, golden["mean_average_precision"], 1e-12);
  for (size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(figures.hit_rates[row].k, golden["hits"][row][0]);
    EXPECT_NEAR(figures.hit_rates[row].any, golden["hits"][row][1], 1e-12);
    EXPECT_NEAR(figures.hit_rates[row].mean, golden["hits"][row][2], 1e-12);
  }
}

// The values are computed by hand from the official rules. The arguments are the places of the
// hits, and the number of videos that have the class.
TEST(AveragePrecision, ByHand) {
  EXPECT_DOUBLE_EQ(AveragePrecision({1, 3}, 2), 5.0 / 6);
  EXPECT_DOUBLE_EQ(AveragePrecision({2}, 2), 0.25);
  EXPECT_DOUBLE_EQ(AveragePrecision({2}, 1), 0.5);
  EXPECT_DOUBLE_EQ(AveragePrecision({}, 3), 0);
  // The precision at the second hit is higher, so it counts for the first hit as well.
  EXPECT_DOUBLE_EQ(AveragePrecision({3, 4}, 2), 0.5);
}

TEST(Ranking, OfEqualScoresTheFirstVideoAndClassComeFirst) {
  const double equal[] = {1, 1};
  const RankingFigures figures = MeasureRanking({{equal, {1}}, {equal, {0}}}, 2);
  EXPECT_DOUBLE_EQ(*figures.average_precision[0], 0.5);  // second place, behind video 0
  EXPECT_DOUBLE_EQ(*figures.average_precision[1], 1);
  EXPECT_DOUBLE_EQ(figures.hit_rates[0].any, 0.5);
}

TEST(Ranking, AVideoWithoutScoresIsNotFound) {
  const double scores[] = {2, 1};
  const RankingFigures figures = MeasureRanking({{scores, {0}}, {nullptr, {0, 1}}}, 2);
  EXPECT_DOUBLE_EQ(*figures.average_precision[0], 0.5);
  EXPECT_DOUBLE_EQ(*figures.average_precision[1], 0);
  EXPECT_DOUBLE_EQ(figures.mean_average_precision, 0.25);
  EXPECT_DOUBLE_EQ(figures.hit_rates[1].any, 0.5);
  EXPECT_DOUBLE_EQ(figures.hit_rates[1].mean, 0.5);
  EXPECT_EQ(MeasureRanking({}, 2).mean_average_precision, 0);
}

}  // namespace
}  // namespace reel3d
