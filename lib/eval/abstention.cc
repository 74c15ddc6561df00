// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/abstention.h"

#include <algorithm>
#include <utility>

#include "lib/eval/share.h"

namespace reel3d {
namespace {

// Returns a point for each confidence that occurs, surest first.
std::vector<CoveragePoint> AllPoints(std::vector<Forecast> forecasts) {
  std::sort(forecasts.begin(), forecasts.end(),
            [](const Forecast& a, const Forecast& b) { return a.confidence > b.confidence; });
  std::vector<CoveragePoint> points;
  const auto num_videos = static_cast<double>(forecasts.size());
  int64_t num_right = 0;
  for (size_t place = 0; place < forecasts.size(); ++place) {
    num_right += forecasts[place].is_right ? 1 : 0;
    const auto num_answered = static_cast<int64_t>(place) + 1;
    if (place + 1 == forecasts.size() ||
        forecasts[place + 1].confidence != forecasts[place].confidence) {
      const auto answered = static_cast<double>(num_answered);
      points.push_back({forecasts[place].confidence, num_answered, answered / num_videos,
                        static_cast<double>(num_right) / answered,
                        WilsonInterval(num_right, num_answered)});
    }
  }
  return points;
}

// Returns the point where videos with a confidence of at least `threshold` are answered.
CoveragePoint PointAt(const std::vector<Forecast>& forecasts, double threshold) {
  CoveragePoint point;
  point.threshold = threshold;
  int64_t num_right = 0;
  for (const Forecast& forecast : forecasts) {
    if (forecast.confidence >= threshold) {
      ++point.num_answered;
      num_right += forecast.is_right ? 1 : 0;
    }
  }
  point.coverage = Share(point.num_answered, static_cast<int64_t>(forecasts.size()));
  point.precision = Share(num_right, point.num_answered);
  point.precision_interval = WilsonInterval(num_right, point.num_answered);
  return point;
}

}  // namespace

std::vector<CoveragePoint> RiskCoverage(std::vector<Forecast> forecasts) {
  const std::vector<CoveragePoint> all = AllPoints(std::move(forecasts));
  std::vector<CoveragePoint> points;
  int tenths = 1;
  for (const CoveragePoint& point : all) {
    if (10 * point.coverage >= tenths) {
      points.push_back(point);
      tenths = static_cast<int>(10 * point.coverage) + 1;
    }
  }
  return points;
}

std::optional<CoveragePoint> ThresholdFor(std::vector<Forecast> forecasts, double precision) {
  std::optional<CoveragePoint> best;
  for (const CoveragePoint& point : AllPoints(std::move(forecasts))) {
    if (point.precision >= precision) {
      best = point;
    }
  }
  return best;
}

JudgedThreshold JudgeThreshold(const std::vector<Forecast>& choose_on,
                               const std::vector<Forecast>& judge_on, double precision) {
  JudgedThreshold threshold;
  threshold.wanted_precision = precision;
  threshold.chosen = ThresholdFor(choose_on, precision);
  if (threshold.chosen) {
    threshold.judged = PointAt(judge_on, threshold.chosen->threshold);
  }
  return threshold;
}

}  // namespace reel3d
