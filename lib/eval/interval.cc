// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/interval.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "lib/base/error.h"

namespace reel3d {

Interval WilsonInterval(int64_t count, int64_t total, double level) {
  REEL3D_CHECK(count >= 0 && count <= total);
  if (total == 0) {
    return {0, 1};
  }
  const double z = boost::math::quantile(boost::math::normal(), (1 + level) / 2);
  const auto size = static_cast<double>(total);
  const double share = static_cast<double>(count) / size;
  const double scale = 1 + z * z / size;
  const double middle = (share + z * z / (2 * size)) / scale;
  const double half = z * std::sqrt(share * (1 - share) / size + z * z / (4 * size * size)) / scale;
  return {count == 0 ? 0 : std::max(0.0, middle - half),
          count == total ? 1 : std::min(1.0, middle + half)};
}

double Quantile(const std::vector<double>& sorted, double fraction) {
  REEL3D_CHECK(!sorted.empty());
  const double position = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Interval PercentileInterval(const std::vector<double>& sorted, double level) {
  return {Quantile(sorted, (1 - level) / 2), Quantile(sorted, (1 + level) / 2)};
}

Interval Wider(const Interval& a, const Interval& b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

}  // namespace reel3d
