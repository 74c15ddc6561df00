// Finds the videos that two runs have in common, with the answers of both.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/eval/video_scores.h"

namespace reel3d {

struct PairedVideo {
  std::string id;
  int label = 0;
  int answer_a = 0, answer_b = 0;  // the class with the highest score
  int rank_a = 0, rank_b = 0;      // RankOfClass of the label
  // By class; they add up to 1. Empty if both runs give the same answer, because every weighted
  // mean then gives that answer.
  std::vector<double> probabilities_a, probabilities_b;
};

struct PairedVideos {
  std::vector<PairedVideo> videos;         // by id
  int64_t num_only_a = 0, num_only_b = 0;  // videos that only one run scored
};

// Throws an input error with the difference if the classes or their order differ.
void RequireSameClasses(const SubsetScores& a, const SubsetScores& b, const std::string& name_a,
                        const std::string& name_b);

// Takes the label from A, or from B if A has none. Videos with a label in neither run are
// discarded. Throws an input error if a video has different labels in A and B, or no labelled video
// is common. Uses up to `threads` threads.
PairedVideos PairVideos(const SubsetScores& a, const SubsetScores& b, Averaging averaging,
                        const std::string& name_a, const std::string& name_b, int threads);

// Returns half 0 or 1 for each name, chosen by a hash that is the same on every machine.
std::vector<int> HalvesOf(const std::vector<std::string>& names);

}  // namespace reel3d
