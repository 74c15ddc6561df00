// Computes figures for videos with one or several labels, by the rules of ActivityNet's untrimmed
// classification (its official scorer of 2016 to 2021): mean average precision and hit@k. Pure
// arithmetic. The official scorer leaves the order of equal scores open. Here the video or class
// with the lower index comes first.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace reel3d {

// Returns the average precision of a ranked list, as in VOC 2011: each precision is replaced by the
// largest one at the same or a later place. `hit_ranks` are the places of the right entries, from
// 1, rising. `num_right` is the number of right entries that exist, in the list or not: at least
// one.
double AveragePrecision(const std::vector<int64_t>& hit_ranks, int64_t num_right);

struct LabelledScores {
  const double* scores = nullptr;  // by class; null: the video was not scored
  std::vector<int> labels;         // class indices, rising; may be empty
};

struct HitRate {
  int k = 1;
  double any = 0;   // "Hit@k": share of videos with at least one of their labels among the first k
  double mean = 0;  // "Avg Hit@k": mean over videos of the share of their labels among the first k
};

struct RankingFigures {
  // By class; none for a class that no video has. A video without scores counts as not found.
  std::vector<std::optional<double>> average_precision;
  double mean_average_precision = 0;  // over the classes that have one; 0 without any
  std::vector<HitRate> hit_rates;     // for k = 1, 3, 5; over the videos that have labels
};

// Uses up to `threads` threads; the figures do not depend on their number.
RankingFigures MeasureRanking(const std::vector<LabelledScores>& videos, int num_classes,
                              int threads = 1);

}  // namespace reel3d
