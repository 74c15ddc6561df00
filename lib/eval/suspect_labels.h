// Ranks videos whose label may be wrong: a run, or every run of several, is sure of another class.
// The list is a work list for people, not a verdict: hard videos stand in it as well.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/eval/video_scores.h"

namespace reel3d {

struct SuspectLabel {
  std::string id;
  int label = 0, answer = 0;
  // Probability of the answer minus that of the label; of several runs the least.
  double margin = 0;
};

// Returns the labelled videos that the run answers otherwise, by id.
std::vector<SuspectLabel> SuspectsOf(const SubsetScores& run, Averaging averaging);

// Returns the videos that both lists hold with the same label and answer, by id.
std::vector<SuspectLabel> CommonSuspects(const std::vector<SuspectLabel>& a,
                                         const std::vector<SuspectLabel>& b);

// Sorts by falling margin, then id. Lists from SuspectsOf() are to be joined before.
void RankSuspects(std::vector<SuspectLabel>* suspects);

}  // namespace reel3d
