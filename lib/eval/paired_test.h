// Tests whether two runs differ on the same videos, and by how much. Pure arithmetic.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "lib/eval/interval.h"

namespace reel3d {

// A difference whose p-value is below this is called real.
constexpr double kSignificance = 0.05;

// Returns the two-sided p-value of McNemar's exact test (McNemar 1947, with the binomial in place
// of chi-squared). Only videos that one run has right and the other wrong count: if the runs were
// equally good, each of them would go either way with probability 1/2. Returns 1 if there are none.
double McNemarPValue(int64_t num_to_wrong, int64_t num_to_right);

// Returns the score interval (Tango 1998) of the difference (num_to_right - num_to_wrong) /
// num_videos, or [-1, 1] without videos. It assumes independent videos. It has a width even if no
// video changed: then it reaches z^2 / (num_videos + z^2) to both sides, with z = 1.645 at the
// level 0.9. A bootstrap would return a point there, as if no other video could change either.
Interval PairedInterval(int64_t num_to_wrong, int64_t num_to_right, int64_t num_videos,
                        double level);

// Returns p-values adjusted for their number (Holm 1979), in the given order. If every difference
// with an adjusted p-value below kSignificance is called real, the probability of one or more
// errors is at most kSignificance.
std::vector<double> HolmAdjusted(const std::vector<double>& p_values);

}  // namespace reel3d
