// Scores a list of answers, such as a results.json of any program, by the rules of ActivityNet's
// untrimmed classification (its official scorer). Kinetics uses the same rules with k = 1 and 5.
// MeasureRanking (average_precision.h) computes the same figures from score files, which have a
// score for every class.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "lib/eval/average_precision.h"

namespace reel3d {

// One line of a results file. A video may have any number of entries, also several of one label.
struct ResultEntry {
  std::string video, label;
  double score = 0;
};

// The labels of each video of the subset, by id: at least one each.
using TrueLabels = std::map<std::string, std::set<std::string>>;

struct ResultFigures {
  int64_t num_videos = 0;   // of the subset
  int64_t num_missing = 0;  // videos of the subset without an entry
  int64_t num_foreign = 0;  // videos with entries that are not in the subset
  // Entries whose label no video of the subset has. The official scorer refuses them.
  int64_t num_odd_entries = 0;
  // By label that occurs in the subset. Entries of videos outside the subset are false positives,
  // as is a second entry of one video and label.
  std::map<std::string, double> average_precision;
  double mean_average_precision = 0;
  // A video without entries counts 0. A label that a video has twice takes two places.
  std::vector<HitRate> hit_rates;
  std::vector<HitRate> hit_rates_missing_ignored;  // over the videos with entries
};

// Among equal scores, the video or label whose name sorts first comes first.
ResultFigures MeasureResults(const TrueLabels& truth, const std::vector<ResultEntry>& entries,
                             const std::vector<int>& ks);

}  // namespace reel3d
