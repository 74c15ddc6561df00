// Tests whether two runs differ on the same videos. Pure arithmetic.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace reel3d {

// Returns the two-sided p-value of McNemar's exact test (McNemar 1947, with the binomial in place
// of chi-squared). Only videos that one run has right and the other wrong count: if the runs were
// equally good, each of them would go either way with probability 1/2. 1 if there is none.
double McNemarPValue(int64_t num_to_wrong, int64_t num_to_right);

// Returns p-values adjusted for their number (Holm 1979), in the given order: calling those below
// 0.05 different errs once or more with probability 0.05 at most.
std::vector<double> HolmAdjusted(const std::vector<double>& p_values);

}  // namespace reel3d
