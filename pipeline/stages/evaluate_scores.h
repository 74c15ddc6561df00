// The stage behind evaluate-scores: reads score files and writes accuracies and predictions. It
// needs no GPU, no network and no torch. It takes seconds, so run it once for every --average.
//
//   predictions.tsv  id  label  predicted  score  top5_1 .. top5_5  rank  num_clips  surest_...
//                    confidence  unsure (rank: number of classes before the true one; empty
//                    without a label. surest_...: the clip that is surest of the answer)
//   metrics.json     accuracies, counts and classes, as fractions
//   figures.json     more figures: intervals, other averages and windows, calibration, mAP
//   table.txt        the most important figures as text
//   suspect_labels.tsv  videos that may have a wrong label, most suspect first
//   ladder.txt       top-1 from the strictest reading to the most generous one
//   per_class.tsv confusion.tsv averages.tsv windows.tsv calibration.tsv slices.tsv
//                    the figures as tables
//   probe.tsv        only after score-videos --probe order: what each class needs
//   results.json     {"results": {id: [{"label", "score"} x top-k]}}, as the reference code writes
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/eval/order_probe.h"
#include "pipeline/support/evaluation_options.h"

namespace reel3d {

struct EvaluateScoresOptions {
  std::string scores_dir, out_dir;
  ClipReadingOptions clips;
  int top_k = 5;
  std::string results_form = "reference";
  bool allow_missing = false;
  IntervalOptions intervals;
  std::string labels;                 // file; empty: the labels of the scores
  std::string slices;                 // file, or "none"; empty: what is known (known_slices.h)
  std::vector<std::string> slice_by;  // columns of `slices`; empty: all but label and unique texts
  std::string only_videos, class_order;  // files; empty: no such line in ladder.txt
  double precision = 0;                  // 0: choose no threshold
  double unsure_below = 0;               // 0: no threshold
  double most_lost = OrderProbeOptions().most_lost;
  bool explain = false;
  bool overwrite = false;

  void Bind(OptionBinder& binder);
  void Check() const;
};

struct EvaluateScoresReport {
  nlohmann::ordered_json metrics;  // the content of metrics.json
  std::string table;               // the content of table.txt
  std::string ladder;              // the content of ladder.txt
  nlohmann::ordered_json rungs;    // the lines of `ladder` as a list
};

// Throws as ReadSubsetScores and StageOutput do.
EvaluateScoresReport RunEvaluateScores(EvaluateScoresOptions options);

}  // namespace reel3d
