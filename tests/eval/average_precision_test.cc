// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/average_precision.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "lib/base/rng.h"
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

// There are more classes than a thread counts at a time.
TEST(Ranking, DoesNotDependOnThreads) {
  constexpr int kVideos = 50;
  constexpr int kClasses = 75;
  std::vector<std::vector<double>> scores(kVideos);
  std::vector<LabelledScores> videos;
  Rng rng(1);
  for (std::vector<double>& of_video : scores) {
    for (int label = 0; label < kClasses; ++label) {
      of_video.push_back(rng.Uniform());
    }
    videos.push_back({of_video.data(), {static_cast<int>(rng.Below(kClasses))}});
  }
  const RankingFigures alone = MeasureRanking(videos, kClasses);
  const RankingFigures together = MeasureRanking(videos, kClasses, 4);
  EXPECT_EQ(together.average_precision, alone.average_precision);
  EXPECT_GT(alone.mean_average_precision, 0);
  for (size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(together.hit_rates[row].any, alone.hit_rates[row].any);
  }
  // The places of one class, found by comparing each pair of videos.
  const int chosen = videos.front().labels.front();
  std::vector<int64_t> places;
  for (const LabelledScores& video : videos) {
    if (video.labels.front() == chosen) {
      places.push_back(std::count_if(videos.begin(), videos.end(), [&](const auto& other) {
        return other.scores[chosen] >= video.scores[chosen];
      }));
    }
  }
  std::sort(places.begin(), places.end());
  EXPECT_EQ(alone.average_precision[static_cast<size_t>(chosen)],
            AveragePrecision(places, static_cast<int64_t>(places.size())));
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
