// Ranks videos whose label may be wrong, because one run or each of several runs is sure of another
// class. The list is a work list for people, not a verdict: it also contains hard videos.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/eval/video_scores.h"

namespace reel3d {

struct SuspectLabel {
  std::string id;
  int label = 0, answer = 0;
  // Probability of the answer minus that of the label; for several runs the smallest difference.
  double margin = 0;
};

// Returns the labelled videos for which the run answers another class, by id. Uses up to `threads`
// threads.
std::vector<SuspectLabel> SuspectsOf(const SubsetScores& run, Averaging averaging, int threads);

// Returns the videos that both lists hold with the same label and answer, by id.
std::vector<SuspectLabel> CommonSuspects(const std::vector<SuspectLabel>& a,
                                         const std::vector<SuspectLabel>& b);

// Sorts by falling margin, then id. Call CommonSuspects() before: it needs lists that are sorted by
// id.
void RankSuspects(std::vector<SuspectLabel>* suspects);

}  // namespace reel3d
