// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/paired_test.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>

#include "lib/base/error.h"

namespace reel3d {
namespace {

struct PairedCounts {
  double to_wrong = 0, to_right = 0, total = 0;
};

// Returns whether the score test rejects that the true difference is `difference`. The share of
// videos that get worse is estimated under this difference: the root of Tango's equation (1998).
bool IsRejected(const PairedCounts& counts, double difference, double z) {
  const double a = 2 * counts.total;
  const double b = (2 * counts.total - counts.to_right + counts.to_wrong) * difference -
                   counts.to_right - counts.to_wrong;
  const double c = -counts.to_wrong * difference * (1 - difference);
  const double share_worse = (std::sqrt(std::max(0.0, b * b - 4 * a * c)) - b) / (2 * a);
  const double variance = 2 * share_worse + difference * (1 - difference);
  const double gap = counts.to_right - counts.to_wrong - counts.total * difference;
  return gap * gap > z * z * counts.total * std::max(0.0, variance);
}

// Returns the difference between `inside` and `end` (-1 or 1) from which on all are rejected.
double ScoreLimit(const PairedCounts& counts, double inside, double end, double z) {
  if (!IsRejected(counts, end, z)) {
    return end;
  }
  double outside = end;
  for (int halving = 0; halving < 60; ++halving) {
    const double middle = (inside + outside) / 2;
    (IsRejected(counts, middle, z) ? outside : inside) = middle;
  }
  return inside;
}

}  // namespace

double McNemarPValue(int64_t num_to_wrong, int64_t num_to_right) {
  const int64_t num_changed = num_to_wrong + num_to_right;
  if (num_changed == 0) {
    return 1;
  }
  const boost::math::binomial fair(static_cast<double>(num_changed), 0.5);
  const auto fewer = static_cast<double>(std::min(num_to_wrong, num_to_right));
  return std::min(1.0, 2 * boost::math::cdf(fair, fewer));
}

Interval PairedInterval(int64_t num_to_wrong, int64_t num_to_right, int64_t num_videos,
                        double level) {
  REEL3D_CHECK(num_to_wrong >= 0 && num_to_right >= 0);
  REEL3D_CHECK(num_to_wrong + num_to_right <= num_videos);
  if (num_videos == 0) {
    return {-1, 1};
  }
  const double z = boost::math::quantile(boost::math::normal(), (1 + level) / 2);
  const PairedCounts counts = {static_cast<double>(num_to_wrong), static_cast<double>(num_to_right),
                               static_cast<double>(num_videos)};
  const double difference = (counts.to_right - counts.to_wrong) / counts.total;
  return {ScoreLimit(counts, difference, -1, z), ScoreLimit(counts, difference, 1, z)};
}

std::vector<double> HolmAdjusted(const std::vector<double>& p_values) {
  std::vector<size_t> rising(p_values.size());
  std::iota(rising.begin(), rising.end(), size_t{0});
  std::sort(rising.begin(), rising.end(), [&](size_t a, size_t b) {
    return p_values[a] != p_values[b] ? p_values[a] < p_values[b] : a < b;
  });
  std::vector<double> adjusted(p_values.size());
  double largest = 0;
  for (size_t place = 0; place < rising.size(); ++place) {
    const auto num_left = static_cast<double>(rising.size() - place);
    largest = std::max(largest, std::min(1.0, num_left * p_values[rising[place]]));
    adjusted[rising[place]] = largest;
  }
  return adjusted;
}

}  // namespace reel3d
