// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/bootstrap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <utility>

#include "lib/eval/interval.h"
#include "tests/eval/figures_golden.h"

namespace reel3d {
namespace {

using ::testing::ElementsAre;

// Returns the bootstrap interval of the accuracy of these videos.
Interval AccuracyInterval(const std::vector<int>& right, const std::vector<int>& groups,
                          const Resampling& resampling) {
  return PercentileInterval(BootstrapValues(groups, resampling, [&](const Draws& draws) {
    double num_right = 0;
    double num_drawn = 0;
    for (size_t video = 0; video < draws.size(); ++video) {
      num_right += draws[video] * right[video];
      num_drawn += draws[video];
    }
    return std::vector<double>{num_right / num_drawn};
  })[0]);
}

// An end of an interval from 20,000 draws has a standard error of 0.0015 here, and numpy's ends
// have one too.
TEST(Bootstrap, EqualsNumpyWithinMonteCarloError) {
  const auto golden = test::FiguresGolden("bootstrap");
  const std::vector<int> right = golden["right"];
  const Resampling resampling = {7, 20000};
  const Interval by_group = AccuracyInterval(right, golden["groups"], resampling);
  EXPECT_NEAR(by_group.low, golden["by_group"][0], 0.006);
  EXPECT_NEAR(by_group.high, golden["by_group"][1], 0.006);
  const Interval singly = AccuracyInterval(right, NumberGroups({}, right.size()), resampling);
  EXPECT_NEAR(singly.low, golden["singly"][0], 0.006);
  EXPECT_NEAR(singly.high, golden["singly"][1], 0.006);
  EXPECT_GT(by_group.high - by_group.low, 1.5 * (singly.high - singly.low));
}

TEST(Bootstrap, IsThatOfABinomial) {
  std::vector<int> right(100);
  std::fill(right.begin(), right.begin() + 80, 1);
  const Interval interval = AccuracyInterval(right, NumberGroups({}, 100), {1});
  // The interval is 0.8 +- 1.96 * sqrt(0.8 * 0.2 / 100), up to the noise of 1000 draws.
  EXPECT_NEAR(interval.low, 0.7216, 0.012);
  EXPECT_NEAR(interval.high, 0.8784, 0.012);
  EXPECT_EQ(AccuracyInterval(right, NumberGroups({}, 100), {1}).low, interval.low);
  const Interval certain = AccuracyInterval(std::vector<int>(80, 1), NumberGroups({}, 80), {1});
  EXPECT_EQ(certain.low, 1);
  EXPECT_EQ(certain.high, 1);
}

// Returns how many of the draws are of missing videos, in each of `num_resamples`.
std::vector<double> MissingDraws(int num_videos, int64_t num_missing, int num_resamples) {
  const std::vector<int> groups = NumberGroups({}, static_cast<size_t>(num_videos));
  const auto count = [&](const Draws& draws) {
    EXPECT_EQ(draws.size(), groups.size() + 1);
    const auto sum = std::accumulate(draws.begin(), draws.end(), int64_t{0});
    EXPECT_EQ(sum, num_videos + num_missing);
    return std::vector<double>{static_cast<double>(draws.back())};
  };
  return BootstrapValues(groups, {11, num_resamples}, count, num_missing)[0];
}

// The mean of a binomial is n p, its variance n p (1 - p).
TEST(Bootstrap, DrawsOfMissingVideosAreThoseOfABinomial) {
  for (const auto& [num_videos, num_missing] :
       {std::pair{30, 10}, {10, 30}, {50, 1}, {1, 50}, {30, 2'000'000}, {1, 2'000'000}}) {
    const std::vector<double> found = MissingDraws(num_videos, num_missing, 40000);
    const double total = num_videos + num_missing;
    const double share = num_missing / total;
    double mean = 0;  // of the count above its expected value
    double squares = 0;
    for (const double count : found) {
      mean += (count - num_missing) / 40000;
      squares += (count - num_missing) * (count - num_missing) / 40000;
    }
    const double variance = total * share * (1 - share);
    EXPECT_NEAR(mean, 0, 4 * std::sqrt(variance / 40000)) << num_missing;
    EXPECT_NEAR(squares - mean * mean, variance, 0.05 * variance) << num_missing;
  }
}

// So the intervals of a seed stay those that earlier versions gave.
TEST(Bootstrap, AFewMissingVideosAreDrawnAsGroupsOfTheirOwn) {
  const std::vector<int> groups = {0, 0, 1, 2};
  const std::vector<int> all = {0, 0, 1, 2, 3, 4};
  const auto figures = [](const Draws& draws) {
    const auto of_missing = std::accumulate(draws.begin() + 4, draws.end(), 0U);
    return std::vector<double>{1. * draws[0], 1. * draws[2], 1. * draws[3], 1. * of_missing};
  };
  EXPECT_EQ(BootstrapValues(groups, {5, 100}, figures, 2), BootstrapValues(all, {5, 100}, figures));
}

// If each missing video were drawn by itself, this would take minutes and gigabytes.
TEST(Bootstrap, AHugeNumberOfMissingVideosCostsNoTime) {
  const std::vector<double> found = MissingDraws(20, 4'000'000'000, 1000);
  EXPECT_GT(found.front(), 4'000'000'000 - 40);
  EXPECT_LT(found.back(), 4'000'000'020);
  EXPECT_EQ(MissingDraws(0, 100'000'000, 3), std::vector<double>(3, 100'000'000));
}

TEST(Bootstrap, DrawsAsManyGroupsAsThereAre) {
  const std::vector<int> groups = {0, 0, 1, 2};
  BootstrapValues(groups, {3, 50}, [&](const Draws& draws) {
    EXPECT_EQ(draws[0], draws[1]);
    EXPECT_EQ(draws[0] + draws[2] + draws[3], 3U);
    return std::vector<double>{};
  });
  EXPECT_TRUE(BootstrapValues({}, {}, [](const Draws&) { return std::vector<double>{}; }).empty());
}

TEST(Bootstrap, DoesNotDependOnTheNumberOfThreads) {
  const std::vector<int> groups = NumberGroups({}, 50);
  const auto first_draws = [](const Draws& draws) {
    return std::vector<double>{static_cast<double>(draws[0]), static_cast<double>(draws[1])};
  };
  const auto alone = BootstrapValues(groups, {5, 200, 1}, first_draws);
  EXPECT_EQ(BootstrapValues(groups, {5, 200, 4}, first_draws), alone);
  EXPECT_EQ(BootstrapValues(groups, {5, 200, 0}, first_draws), alone);
  EXPECT_NE(BootstrapValues(groups, {6, 200, 4}, first_draws), alone);
}

TEST(NumberGroups, ByNameInOrderOfTheFirst) {
  EXPECT_THAT(NumberGroups({"b", "a", "b", "c"}, 4), ElementsAre(0, 1, 0, 2));
  EXPECT_THAT(NumberGroups({}, 3), ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace reel3d
