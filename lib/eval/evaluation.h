// All figures of a scored subset as one struct, apart from the files and tables they are written
// to. Fractions, not per cent. Deterministic: the same scores and options give the same figures.
//
// Two denominators stand beside each other everywhere. "Missing are wrong" divides by all videos
// of the subset: a video that was not scored counts as wrong. "Missing ignored" divides by the
// scored videos. Videos without a label count in neither.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/eval/abstention.h"
#include "lib/eval/accuracy.h"
#include "lib/eval/average_precision.h"
#include "lib/eval/bootstrap.h"
#include "lib/eval/calibration.h"
#include "lib/eval/class_orders.h"
#include "lib/eval/interval.h"
#include "lib/eval/slices.h"
#include "lib/eval/video_scores.h"

namespace reel3d {

struct BothWays {
  double missing_wrong = 0, missing_ignored = 0;
};

struct AccuracyFigures {
  BothWays top1, top5, average;  // average: (top-1 + top-5) / 2
  double mean_class_top1 = 0;    // over the classes that have scored videos
};

// The figures under another reading of the same scores.
struct ReadingFigures {
  Reading reading;
  double mean_windows = 0;  // windows a video, over the scored videos
  AccuracyFigures figures;
};

struct WindowFigures : ReadingFigures {
  // The share of the way from one window to all that this number of windows goes, in top-1. None if
  // all windows are not better than one.
  std::optional<double> share_of_gain;
};

// Top-1 of some of the scored videos.
struct PartFigures {
  int64_t num_videos = 0;
  double top1 = 0;
};

// The videos that would have been right if the classes had another order.
struct OrderFigures {
  std::string name;  // as in ClassNumbering
  BothWays top1;
};

struct ClassFigures {
  int64_t num_videos = 0;                   // scored
  int64_t num_top1 = 0, num_top5 = 0;       // right ones among them
  Interval top1_interval;                   // 95 %, Wilson
  std::optional<double> average_precision;  // none for a class without videos
};

// 95 % intervals by bootstrap over videos or groups.
struct FigureIntervals {
  Interval top1, top5, average, mean_class_top1;  // with missing videos wrong
  Interval top1_missing_ignored;
};

// Confidence: the probability (ToProbabilities) of the predicted class.
struct CalibrationFigures {
  Reliability as_scored;  // all scored videos
  // The temperature that fits one half of the videos, chosen by a hash of their groups, and what it
  // does to the other half.
  double temperature = 1;
  Reliability before, after;               // of the other half
  double loss_before = 0, loss_after = 0;  // mean negative log-likelihood of the other half
};

constexpr double kWantedPrecisions[] = {0.8, 0.9, 0.95, 0.99};

struct Evaluation {
  int64_t num_scored = 0, num_expected = 0, num_labelled = 0;  // num_labelled: of the scored ones
  int64_t num_clips = 0;
  int64_t num_groups = 0;  // that were drawn for the intervals; missing videos are one each
  bool has_groups = false;
  AccuracyFigures figures;
  FigureIntervals intervals;
  double clip_top1 = 0;
  std::vector<ClassFigures> classes;
  std::vector<std::vector<int64_t>> confusion;  // videos by [true class][predicted class]
  std::vector<ReadingFigures> averages;         // every rule, with and without the tail
  std::vector<WindowFigures> windows;           // 1, 2, 4, ... windows, then all
  std::vector<ReadingFigures> places;           // the first, the middle, the last window alone
  std::vector<ReadingFigures> one_crop;         // middle, no tail, all; empty without crops
  // None for parts without a video.
  std::optional<PartFigures> listed;  // EvaluationOptions::listed
  // The videos of these with a window of `most_distinct` different frames; none if all have one.
  std::optional<PartFigures> full_windows;
  int most_distinct = 0;             // in a window of any video
  std::vector<OrderFigures> orders;  // of the classes, other than the run's
  std::vector<Slice> slices;         // of the scored videos with a label
  CalibrationFigures calibration;
  std::vector<CoveragePoint> risk_coverage;  // by the confidence as scored
  // For kWantedPrecisions, chosen and judged on the same videos.
  std::vector<std::optional<CoveragePoint>> precision_thresholds;
  // For EvaluationOptions::precision, chosen on the half that fitted the temperature and judged on
  // the other.
  std::optional<JudgedThreshold> held_out_threshold;
  RankingFigures ranking;
  bool has_several_labels = false;  // ranking used labels from elsewhere

  int64_t num_missing() const { return num_expected - num_scored; }
  int64_t num_unlabelled() const { return num_scored - num_labelled; }
};

// Labels from elsewhere: of each video by id, class indices. They may name videos that were not
// scored.
using LabelSets = std::map<std::string, std::vector<int>>;

struct EvaluationOptions {
  Averaging averaging = Averaging::kSoftmax;  // must be that of the ScoresRequest
  std::vector<std::string> groups;            // of each video of the subset; empty: no groups
  LabelSets labels;                           // for the ranking figures; empty: the videos' own
  std::vector<SliceColumn> columns;           // of the videos of the subset
  std::set<std::string> listed;               // ids; empty: no list
  std::vector<ClassNumbering> orders;         // of the classes; the usual ones are known
  double precision = 0;                       // that the answers shall have; 0: not wanted
  Resampling resampling;
};

// Returns the readings that Evaluate() compares, for ScoresRequest::readings.
std::vector<Reading> ReadingsOfEvaluation(Averaging averaging);

// `subset` must have been read with ReadingsOfEvaluation(options.averaging).
Evaluation Evaluate(const SubsetScores& subset, const EvaluationOptions& options);

}  // namespace reel3d
