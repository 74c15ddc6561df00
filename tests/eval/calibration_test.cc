// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lib/eval/averaging.h"
#include "tests/eval/figures_golden.h"

namespace reel3d {
namespace {

std::vector<LabelledLogits> GoldenLogits(const nlohmann::json& golden) {
  std::vector<LabelledLogits> videos;
  for (size_t video = 0; video < golden["labels"].size(); ++video) {
    videos.push_back({golden["logits"][video], golden["labels"][video]});
  }
  return videos;
}

Forecast ForecastOf(const LabelledLogits& video, double temperature) {
  const std::vector<double> probabilities =
      ToProbabilities(video.logits, ParseAveraging("logits"), temperature);
  const auto best = std::max_element(probabilities.begin(), probabilities.end());
  return {*best, best - probabilities.begin() == video.label};
}

TEST(Calibration, ErrorEqualsNumpy) {
  const auto golden = test::FiguresGolden("reliability");
  std::vector<Forecast> forecasts;
  for (const LabelledLogits& video : GoldenLogits(golden)) {
    forecasts.push_back(ForecastOf(video, 1));
  }
  const Reliability reliability = MeasureReliability(forecasts);
  EXPECT_NEAR(reliability.ece, golden["ece"], 1e-12);
  EXPECT_NEAR(reliability.largest_gap, golden["largest_gap"], 1e-12);
  ASSERT_EQ(reliability.bins.size(), golden["bin_counts"].size());
  for (size_t bin = 0; bin < reliability.bins.size(); ++bin) {
    EXPECT_EQ(reliability.bins[bin].num_videos, golden["bin_counts"][bin]) << bin;
  }
}

TEST(Calibration, TemperatureEqualsScipy) {
  const auto golden = test::FiguresGolden("reliability");
  const std::vector<LabelledLogits> videos = GoldenLogits(golden);
  EXPECT_NEAR(LogLoss(videos, 1), golden["loss"], 1e-10);
  const double temperature = FitTemperature(videos);
  EXPECT_NEAR(temperature, golden["temperature"], 1e-4);
  EXPECT_NEAR(LogLoss(videos, temperature), golden["least_loss"], 1e-8);
}

TEST(Calibration, ThreadsDoNotChangeTheTemperature) {
  const std::vector<LabelledLogits> videos = GoldenLogits(test::FiguresGolden("reliability"));
  EXPECT_EQ(LogLoss(videos, 1.5, 3), LogLoss(videos, 1.5));
  EXPECT_EQ(FitTemperature(videos, 3), FitTemperature(videos));
}

TEST(Calibration, BinsHoldTheirUpperEnd) {
  const Reliability reliability = MeasureReliability({{0.5, true}, {1.0, false}, {0.0, true}}, 2);
  EXPECT_EQ(reliability.bins[0].num_videos, 2);
  EXPECT_EQ(reliability.bins[1].num_videos, 1);
  EXPECT_DOUBLE_EQ(reliability.bins[0].mean_confidence, 0.25);
  EXPECT_DOUBLE_EQ(reliability.bins[0].accuracy, 1);
  EXPECT_DOUBLE_EQ(reliability.ece, (0.75 * 2 + 1) / 3);
  EXPECT_DOUBLE_EQ(reliability.largest_gap, 1);
  EXPECT_DOUBLE_EQ(reliability.mean_confidence, 0.5);
  EXPECT_EQ(MeasureReliability({}).ece, 0);
}

TEST(Calibration, WithoutVideosNothingIsFitted) { EXPECT_EQ(FitTemperature({}), 1); }

TEST(ToProbabilities, AddUpToOneUnderEveryRule) {
  const float first[] = {0.5F, 2, -30};
  const float second[] = {1, -1, 0};
  for (const Averaging averaging : AllAveragings()) {
    const std::vector<double> scores = AverageClips({first, second}, 3, averaging);
    for (const double temperature : {1.0, 0.5, 3.0}) {
      const std::vector<double> probabilities = ToProbabilities(scores, averaging, temperature);
      EXPECT_NEAR(probabilities[0] + probabilities[1] + probabilities[2], 1, 1e-12);
      EXPECT_EQ(
          std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin(),
          std::max_element(scores.begin(), scores.end()) - scores.begin());
    }
  }
}

TEST(ToProbabilities, AHigherTemperatureIsLessSure) {
  const std::vector<double> logits = {0, std::log(4.0)};
  const Averaging averaging = ParseAveraging("logits");
  EXPECT_NEAR(ToProbabilities(logits, averaging)[1], 0.8, 1e-12);
  EXPECT_NEAR(ToProbabilities(logits, averaging, 2)[1], 2.0 / 3, 1e-12);
  EXPECT_NEAR(ToProbabilities(logits, averaging, 0.5)[1], 16.0 / 17, 1e-12);
  EXPECT_NEAR(ToProbabilities({0.2, 0.8}, ParseAveraging("softmax"), 2)[1], 2.0 / 3, 1e-12);
}

// A temperature has the same effect on probabilities as on the logits from which they come.
TEST(ToProbabilities, TemperatureIsThatOfTheLogits) {
  const float clip[] = {0.5F, 2, -30};
  const std::vector<double> by_logits = ToProbabilities(
      AverageClips({clip}, 3, ParseAveraging("logits")), ParseAveraging("logits"), 4);
  const std::vector<double> by_softmax = ToProbabilities(
      AverageClips({clip}, 3, ParseAveraging("softmax")), ParseAveraging("softmax"), 4);
  for (size_t label = 0; label < 3; ++label) {
    EXPECT_NEAR(by_logits[label], by_softmax[label], 1e-12);
  }
}

}  // namespace
}  // namespace reel3d
