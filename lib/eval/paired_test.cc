// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/paired_test.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <numeric>

namespace reel3d {

double McNemarPValue(int64_t num_to_wrong, int64_t num_to_right) {
  const int64_t num_changed = num_to_wrong + num_to_right;
  if (num_changed == 0) {
    return 1;
  }
  const boost::math::binomial fair(static_cast<double>(num_changed), 0.5);
  const auto fewer = static_cast<double>(std::min(num_to_wrong, num_to_right));
  return std::min(1.0, 2 * boost::math::cdf(fair, fewer));
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
