// Judges from scores of the same clips with other frames what a network and each class need: the
// order of frames, the direction of time, motion, or only one picture. A need is stated only where
// a paired test says so, corrected for the number of tests. Figures are fractions.
//
// The tests take videos as independent. Where videos come in groups, a statement on all videos
// together also requires that the 95 % interval over groups agrees. So groups only take statements
// away, and never add one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lib/eval/bootstrap.h"
#include "lib/eval/comparison.h"
#include "lib/eval/interval.h"
#include "lib/eval/video_scores.h"

namespace reel3d {

// Holds the effect of a change of the frames on the videos of a class, or on all videos. A of
// `flips` is the clips as they are, B the changed ones.
struct FrameEffect {
  Flips flips;
  double p_value = 1;           // McNemar's exact test
  double adjusted_p_value = 1;  // for all tests of the family (Holm)
  Interval interval_95 = {};    // of Flips::Difference; only of all videos, else {0, 0}
  bool may_be_0 = false;        // with groups: the interval holds 0, so no fall is stated

  // Returns whether top-1 falls by more than chance explains, if videos are independent.
  bool FallsByTest() const;
  // The same, if also the interval over groups says so.
  bool Falls() const { return FallsByTest() && !may_be_0; }
};

struct FrameNeeds {
  int64_t num_videos = 0;
  FrameEffect shuffled, reversed, one_frame;
  // Exact binomial test of whether one frame loses at least `most_lost` of the videos that are
  // right as they are. Small: it surely loses less.
  double lost_p_value = 1, adjusted_lost_p_value = 1;
  bool may_lose_more = false;  // with groups: the interval of the lost share reaches `most_lost`

  bool NeedsOrder() const { return shuffled.Falls(); }
  bool NeedsDirection() const { return reversed.Falls(); }
  bool NeedsMotion() const { return one_frame.Falls(); }
  bool OnePictureSuffices() const;
  // Returns whether none of these is stated.
  bool IsUndecided() const;
};

struct OrderProbe {
  FrameNeeds all;                   // corrected for its four tests
  std::vector<FrameNeeds> classes;  // by class; corrected for four tests of each class with videos
  bool has_groups = false;
  int64_t num_left_out = 0;  // labelled videos as they are that another order has no scores of
  double most_lost = 0;      // as in the options
};

// Holds whether a run answers each video correctly: all that the probe needs of its scores.
struct ShownVideo {
  std::string id;
  int label = 0;
  bool is_right = false;
};

// Returns the answers to the labelled videos, by id.
std::vector<ShownVideo> AnswersOf(const SubsetScores& scores);

// Answers to the same videos, by what the network was shown.
struct ProbedAnswers {
  std::vector<ShownVideo> as_is, shuffled, reversed, one_frame;
};

struct OrderProbeOptions {
  // One picture suffices if it surely loses less than this share of the videos that are right as
  // they are.
  double most_lost = 0.2;
  // Returns the groups of videos by id. Empty: no groups.
  std::function<std::vector<std::string>(const std::vector<std::string>&)> groups_of = {};
  Resampling resampling;
};

// Judges the videos that all four have. Throws an input error if there are none.
OrderProbe JudgeOrderProbe(const ProbedAnswers& answers, size_t num_classes,
                           const OrderProbeOptions& options);

}  // namespace reel3d
