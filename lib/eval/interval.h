// Intervals of a figure, and the quantiles they are made of.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace reel3d {

struct Interval {
  double low = 0, high = 0;
};

// Returns the Wilson score interval (Wilson 1927) of a share: `count` of `total`. It is [0, 1] if
// `total` is 0. It suits small classes: it never leaves [0, 1], and is not empty at 0 or all.
Interval WilsonInterval(int64_t count, int64_t total, double level = 0.95);

// Interpolates like numpy.quantile's default: linearly between the two nearest of the rising
// values, of which there must be one.
double Quantile(const std::vector<double>& sorted, double fraction);

// Returns the percentile interval of rising values: (1 - level) / 2 lie outside on each side.
Interval PercentileInterval(const std::vector<double>& sorted, double level = 0.95);

}  // namespace reel3d
