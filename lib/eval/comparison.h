// Compares two runs on the videos that both scored: is B better than A, worse, or as good?
// Figures are fractions, not per cent. The same scores and options give the same figures.
//
// Both runs answer the same videos, so only videos that one run has right and the other wrong
// count. A test for independent samples would find far fewer differences significant.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lib/eval/bootstrap.h"
#include "lib/eval/interval.h"
#include "lib/eval/paired_videos.h"
#include "lib/eval/video_scores.h"

namespace reel3d {

// Counts videos by whether A and B answer them correctly.
struct Flips {
  int64_t both_right = 0, both_wrong = 0;
  int64_t to_wrong = 0;  // A right, B wrong
  int64_t to_right = 0;  // A wrong, B right

  int64_t total() const { return both_right + both_wrong + to_wrong + to_right; }
  double ShareA() const;      // share of videos that A has right; 0 without videos
  double ShareB() const;      // share of videos that B has right
  double Difference() const;  // ShareB() - ShareA()
};

struct ComparedFigure {
  Flips flips;
  double p_value = 1;  // McNemar's exact test; assumes independent videos
  // Intervals of Flips::Difference: on each side the wider one of the paired bootstrap (over
  // groups, if there are any) and PairedInterval.
  Interval interval_95, interval_90;
};

struct ComparedClass {
  Flips flips;
  double p_value = 1, adjusted_p_value = 1;  // adjusted (Holm): for all classes with videos
};

// The weighted mean of both runs' probabilities. The weight of B (0, 0.05 .. 1) that is best on one
// half of the videos is measured on the other half, for both halves. A hash of the groups chooses
// the halves.
struct Fusion {
  double weight_of_b[2] = {0, 0};  // the best one on each half
  Flips flips;                     // over both halves: A is the better run alone, B the fusion
  bool b_is_better = false;        // the better run is B
  double p_value = 1;
};

enum class Verdict {
  kEquivalent,  // the 90 % interval lies within the margin (two one-sided tests at 5 %)
  kBetter,      // B is better at 5 %: by McNemar's test, or with groups by the 95 % interval
  kWorse,
  kUndecided,
};
// Returns "equivalent", "better", "worse", "undecided".
const char* NameOf(Verdict verdict);

// A video that one run has right and the other wrong.
struct FlippedVideo {
  std::string id;
  int label = 0, answer_a = 0, answer_b = 0;
};

struct Comparison {
  int64_t num_common = 0;                  // labelled videos that both scored
  int64_t num_only_a = 0, num_only_b = 0;  // scored by one run alone
  bool has_groups = false;
  int64_t num_groups = 0;
  ComparedFigure top1, top5;
  std::vector<ComparedClass> classes;
  Fusion fusion;
  std::vector<FlippedVideo> flipped;  // in top-1, by id
  Verdict verdict = Verdict::kUndecided;
  bool is_significant = false;  // the difference is significant at 5 %, even if it is small
};

struct ComparisonOptions {
  Averaging averaging = Averaging::kSoftmax;  // as in the ScoresRequest of both runs
  double margin = 0.005;                      // for kEquivalent; 0: nothing is equivalent
  std::string name_a = "A", name_b = "B";     // in error messages
  // Returns the groups of videos by id. Empty: no groups.
  std::function<std::vector<std::string>(const std::vector<std::string>&)> groups_of = {};
  Resampling resampling;
};

// Compares the answers of both runs to at least one video. The result has no late fusion, so the
// videos need no probabilities. Throws what `groups_of` throws.
Comparison CompareAnswers(const PairedVideos& pairs, size_t num_classes,
                          const ComparisonOptions& options);

// Throws an input error if the classes or their order differ, no labelled video is common, or a
// video has two labels.
Comparison Compare(const SubsetScores& a, const SubsetScores& b, const ComparisonOptions& options);

}  // namespace reel3d
