// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/row_passes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace reel3d {
namespace {

// Several results side by side do not wait for each other. Their number is fixed, so that sums are
// rounded alike on every processor.
constexpr size_t kLanes = 16;

// Combines the values of each lane. Adds the values that are left over to the first lanes.
template <class Score, class Combine>
std::array<Score, kLanes> CombineLanes(const Score* values, size_t count, Score start,
                                       const Combine& combine) {
  std::array<Score, kLanes> lanes;
  lanes.fill(start);
  size_t index = 0;
  for (; index + kLanes <= count; index += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] = combine(lanes[lane], values[index + lane]);
    }
  }
  for (size_t lane = 0; index < count; ++index, ++lane) {
    lanes[lane] = combine(lanes[lane], values[index]);
  }
  return lanes;
}

}  // namespace

template <class Score>
Score LargestOf(const Score* values, size_t count) {
  const auto larger = [](Score a, Score b) { return a < b ? b : a; };
  const auto lanes = CombineLanes(values, count, values[0], larger);
  return *std::max_element(lanes.begin(), lanes.end());
}

template float LargestOf(const float*, size_t);
template double LargestOf(const double*, size_t);

double SumOf(const double* values, size_t count) {
  const auto lanes = CombineLanes(values, count, 0.0, [](double a, double b) { return a + b; });
  return std::accumulate(lanes.begin(), lanes.end(), 0.0);
}

bool AreFinite(const float* values, size_t count) {
  int num_finite = 0;
  for (size_t index = 0; index < count; ++index) {
    num_finite += std::abs(values[index]) <= std::numeric_limits<float>::max() ? 1 : 0;
  }
  return num_finite == static_cast<int>(count);
}

}  // namespace reel3d
