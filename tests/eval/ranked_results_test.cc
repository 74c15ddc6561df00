// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/ranked_results.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace reel3d {
namespace {

// Videos with two labels, an answer given twice, a video without answers, and answers for a video
// outside the subset.
const TrueLabels kTruth = {
    {"v1", {"Archery"}}, {"v2", {"Archery", "Baking"}}, {"v3", {"Cricket"}}, {"v4", {"Baking"}}};
const std::vector<ResultEntry> kEntries = {
    {"v1", "Archery", .90}, {"v1", "Baking", .50},  {"v1", "Cricket", .10}, {"v2", "Cricket", .80},
    {"v2", "Baking", .70},  {"v2", "Archery", .20}, {"v3", "Archery", .60}, {"v3", "Cricket", .55},
    {"v3", "Cricket", .54}, {"v3", "Baking", .30},  {"v9", "Baking", .95}};

// The figures were computed by hand from the rules of the official scorer.
TEST(MeasureResults, ByHand) {
  const ResultFigures figures = MeasureResults(kTruth, kEntries, {1, 2, 3, 5});
  EXPECT_DOUBLE_EQ(figures.average_precision.at("Archery"), 5.0 / 6);
  EXPECT_DOUBLE_EQ(figures.average_precision.at("Baking"), 0.25);
  EXPECT_DOUBLE_EQ(figures.average_precision.at("Cricket"), 0.5);
  EXPECT_NEAR(figures.mean_average_precision, 0.527778, 5e-7);
  const double any[] = {0.25, 0.75, 0.75, 0.75};
  const double mean[] = {0.25, 0.625, 0.75, 0.75};
  for (size_t place = 0; place < 4; ++place) {
    EXPECT_DOUBLE_EQ(figures.hit_rates[place].any, any[place]);
    EXPECT_DOUBLE_EQ(figures.hit_rates[place].mean, mean[place]);
    EXPECT_DOUBLE_EQ(figures.hit_rates_missing_ignored[place].any, any[place] * 4 / 3);
  }
  EXPECT_EQ(figures.num_videos, 4);
  EXPECT_EQ(figures.num_missing, 1);
  EXPECT_EQ(figures.num_foreign, 1);
  EXPECT_EQ(figures.num_odd_entries, 0);
}

TEST(MeasureResults, TheOrderOfEntriesDoesNotMatter) {
  std::vector<ResultEntry> entries = kEntries;
  std::reverse(entries.begin(), entries.end());
  const ResultFigures figures = MeasureResults(kTruth, entries, {1});
  EXPECT_EQ(figures.average_precision, MeasureResults(kTruth, kEntries, {1}).average_precision);
}

TEST(MeasureResults, OfEqualScoresTheNameDecides) {
  const TrueLabels truth = {{"a", {"x"}}, {"b", {"x"}}};
  EXPECT_DOUBLE_EQ(MeasureResults(truth, {{"b", "y", 1}, {"b", "x", 1}}, {1}).hit_rates[0].any,
                   0.5);
  // "a" comes before "b", so the only hit is second.
  const ResultFigures figures = MeasureResults({{"b", {"x"}}}, {{"b", "x", 1}, {"a", "x", 1}}, {});
  EXPECT_DOUBLE_EQ(figures.average_precision.at("x"), 0.5);
}

TEST(MeasureResults, LabelsThatNoVideoHasAreCounted) {
  const ResultFigures figures =
      MeasureResults({{"a", {"x"}}}, {{"a", "x", 1}, {"a", "y", 2}, {"a", "z", 0}}, {1, 2});
  EXPECT_EQ(figures.num_odd_entries, 2);
  EXPECT_EQ(figures.mean_average_precision, 1);
  EXPECT_EQ(figures.hit_rates[0].any, 0);
  EXPECT_EQ(figures.hit_rates[1].any, 1);
}

}  // namespace
}  // namespace reel3d
