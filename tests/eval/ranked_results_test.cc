// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/ranked_results.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/file.h"
#include "tests/test_support.h"

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

// Random lists with equal scores, answers given twice, videos outside the subset, videos without
// answers, and labels that no video has.
TEST(MeasureResults, EqualsAnotherProgram) {
  const std::string text = ReadFile(test::SourceFolder() / "tests/golden/results_golden.json");
  for (const nlohmann::json& golden : nlohmann::json::parse(text)) {
    const TrueLabels truth = golden["truth"];
    std::vector<ResultEntry> entries;
    for (const nlohmann::json& entry : golden["entries"]) {
      entries.push_back({entry[0], entry[1], entry[2]});
    }
    const ResultFigures figures = MeasureResults(truth, entries, {1, 3, 5});
    EXPECT_EQ(figures.num_missing, golden["num_missing"]);
    EXPECT_EQ(figures.num_foreign, golden["num_foreign"]);
    EXPECT_EQ(figures.num_odd_entries, golden["num_odd_entries"]);
    ASSERT_EQ(figures.average_precision.size(), golden["average_precision"].size());
    for (const auto& [label, precision] : figures.average_precision) {
      EXPECT_NEAR(precision, golden["average_precision"][label], 1e-12) << label;
    }
    EXPECT_NEAR(figures.mean_average_precision, golden["mean_average_precision"], 1e-12);
    for (size_t place = 0; place < 3; ++place) {
      const nlohmann::json& hits = golden["hits"][place];
      EXPECT_NEAR(figures.hit_rates[place].any, hits[0], 1e-12);
      EXPECT_NEAR(figures.hit_rates[place].mean, hits[1], 1e-12);
      EXPECT_NEAR(figures.hit_rates_missing_ignored[place].any, hits[2], 1e-12);
      EXPECT_NEAR(figures.hit_rates_missing_ignored[place].mean, hits[3], 1e-12);
    }
  }
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
