// Computes all figures of a scored subset as one struct. Files and tables are written elsewhere.
// Figures are fractions, not per cent. The same scores and options give the same figures.
//
// Accuracies have two denominators. "Missing are wrong" divides by all videos of the subset: a
// video that was not scored counts as wrong. "Missing ignored" divides by the scored videos. Videos
// without a label count in neither.
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
  double mean_windows = 0;  // windows per video, over the labelled ones that were scored
  AccuracyFigures figures;
};

struct WindowFigures : ReadingFigures {
  // (top-1 - top-1 of one window) / (top-1 of all windows - top-1 of one window). None if all
  // windows are not better than one.
  std::optional<double> share_of_gain;
};

// Accuracy of some of the scored videos.
struct PartFigures {
  int64_t num_videos = 0;
  double top1 = 0, average = 0;  // average: (top-1 + top-5) / 2
};

// Top-1 if the classes had another order.
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

// 95 % intervals by bootstrap over videos or groups. Those of top-1 and top-5 reach at least as far
// as Wilson's on each side, because a bootstrap near 0 or 1 is too narrow and at 0 or 1 a point.
// Those of the two means are widened only where they would be a point.
struct FigureIntervals {
  Interval top1, top5, average;                    // with missing videos wrong
  Interval mean_class_top1, top1_missing_ignored;  // over the scored videos
};

// Calibration of the confidence: the probability (ToProbabilities) of the predicted class.
struct CalibrationFigures {
  Reliability as_scored;  // all scored videos with a label
  // Temperature that fits one half of the videos. A hash of their groups chooses the half.
  double temperature = 1;
  Reliability before, after;               // the other half at temperature 1 and at `temperature`
  double loss_before = 0, loss_after = 0;  // mean negative log-likelihood of the other half
};

constexpr double kWantedPrecisions[] = {0.8, 0.9, 0.95, 0.99};

struct Evaluation {
  int64_t num_scored = 0, num_expected = 0, num_labelled = 0;  // labelled: among the scored
  int64_t num_clips = 0;
  bool has_whole_frames = false;  // as in EvaluationOptions
  int64_t num_groups = 0;         // drawn for the intervals; each missing video is a group
  bool has_groups = false;
  AccuracyFigures figures;
  FigureIntervals intervals;
  double clip_top1 = 0;
  std::vector<ClassFigures> classes;
  std::vector<std::vector<int64_t>> confusion;  // videos by [true class][predicted class]
  std::vector<ReadingFigures> averages;         // every rule, with and without the tail
  std::vector<WindowFigures> windows;           // 1, 2, 4, ... windows, then all of Windows::kKept
  std::vector<ReadingFigures> places;           // the first, the middle, the last window alone
  std::vector<ReadingFigures> one_crop;         // middle window, no tail, all; empty without crops
  // Top-1 of the videos in EvaluationOptions::listed. None if no such video was scored.
  std::optional<PartFigures> listed;
  // Top-1 of the listed videos (without a list: of all) that have a window of `most_distinct`
  // different frames. None if that is all of them, or no video.
  std::optional<PartFigures> full_windows;
  int most_distinct = 0;             // largest number of different frames in a window
  std::vector<OrderFigures> orders;  // for other orders of the classes
  std::vector<Slice> slices;         // of the scored videos with a label
  CalibrationFigures calibration;
  std::vector<CoveragePoint> risk_coverage;  // by the confidence at temperature 1
  // For each of kWantedPrecisions: a threshold that is chosen and measured on the same videos.
  std::vector<std::optional<CoveragePoint>> precision_thresholds;
  // For EvaluationOptions::precision: a threshold that is chosen on the half that fitted the
  // temperature, and measured on the other half.
  std::optional<JudgedThreshold> held_out_threshold;
  RankingFigures ranking;
  bool has_several_labels = false;  // `ranking` used EvaluationOptions::labels

  int64_t num_missing() const { return num_expected - num_scored; }
  int64_t num_unlabelled() const { return num_scored - num_labelled; }
};

// Labels that do not come from the score files: class indices by video id. The videos need not be
// scored.
using LabelSets = std::map<std::string, std::vector<int>>;

struct EvaluationOptions {
  Averaging averaging = Averaging::kSoftmax;  // must be that of the ScoresRequest
  std::vector<std::string> groups;            // group of each video of the subset; empty: no groups
  LabelSets labels;                           // for `ranking`; empty: those of the score files
  std::vector<SliceColumn> columns;           // with a value for each video of the subset
  std::set<std::string> listed;               // ids; empty: no list
  std::vector<ClassNumbering> orders;         // orders to try besides UsualNumberings()
  bool has_whole_frames = false;              // clips show complete frames, no squares
  double precision = 0;                       // wanted precision of a threshold; 0: choose none
  Resampling resampling;                      // its threads compute the other figures as well
};

// Returns the readings that Evaluate() compares, for ScoresRequest::readings.
std::vector<Reading> ReadingsOfEvaluation(Averaging averaging);

// `subset` must have been read with ReadingsOfEvaluation(options.averaging).
Evaluation Evaluate(const SubsetScores& subset, const EvaluationOptions& options);

}  // namespace reel3d
