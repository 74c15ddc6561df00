// Measures a network that answers only when it is sure: the risk-coverage curve, and the least
// confidence that gives a wanted precision.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lib/eval/calibration.h"
#include "lib/eval/interval.h"

namespace reel3d {

// The videos with a confidence of at least `threshold` are answered, the others are not.
struct CoveragePoint {
  double threshold = 0;
  int64_t num_answered = 0;
  double coverage = 0;          // share of videos that are answered
  double precision = 0;         // share of right answers among them
  Interval precision_interval;  // 95 %, Wilson
};

// Returns the points that answer the surest 10, 20 .. 100 % of the videos; videos of equal
// confidence are answered together. Empty without videos.
std::vector<CoveragePoint> RiskCoverage(std::vector<Forecast> forecasts);

// Returns the point with the most answers whose precision is at least `precision`; none if there is
// no such threshold. The precision of a threshold is a little too good on the videos that chose it.
std::optional<CoveragePoint> ThresholdFor(std::vector<Forecast> forecasts, double precision);

// A threshold that was chosen on some videos and measured on others, so that its precision is not
// too good.
struct JudgedThreshold {
  double wanted_precision = 0;
  std::optional<CoveragePoint> chosen;  // ThresholdFor(); none if there is no such threshold
  CoveragePoint judged;                 // the same threshold, measured on the other videos
};
JudgedThreshold JudgeThreshold(const std::vector<Forecast>& choose_on,
                               const std::vector<Forecast>& judge_on, double precision);

}  // namespace reel3d
