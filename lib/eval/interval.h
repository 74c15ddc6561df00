// Computes confidence intervals, and the quantiles that they consist of.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace reel3d {

struct Interval {
  double low = 0, high = 0;
};

// Returns the Wilson score interval (Wilson 1927) of the share `count` / `total`, or [0, 1] if
// `total` is 0. It suits small classes: it never leaves [0, 1], and has a width even if `count` is
// 0 or `total`.
Interval WilsonInterval(int64_t count, int64_t total, double level = 0.95);

// Returns a quantile of `sorted`, which holds at least one value, rising. Interpolates linearly
// between the two nearest values, as numpy.quantile does by default.
double Quantile(const std::vector<double>& sorted, double fraction);

// Returns the percentile interval of rising values: a share of (1 - level) / 2 lies outside on each
// side.
Interval PercentileInterval(const std::vector<double>& sorted, double level = 0.95);

// Returns the interval that reaches as far as the farther of `a` and `b` on each side.
Interval Wider(const Interval& a, const Interval& b);

}  // namespace reel3d
