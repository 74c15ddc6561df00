// The stage behind compare-scores: reads the scores of several runs and says for each whether it is
// better or worse than the first, or as good. It needs no GPU and no torch, and takes seconds.
//
// The stage writes these files if `out_dir` is given:
//   comparison.json  every figure, as fractions
//   comparison.txt   what the tool prints
//   per_class.tsv    one row per run and class
//   suspect_labels.tsv  videos for which all runs give the same class, which is not the label
//   flips.tsv        the videos that one run has right and the other wrong
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "pipeline/support/evaluation_options.h"

namespace reel3d {

struct CompareScoresOptions {
  std::vector<std::string> scores_dirs;  // the first is the baseline
  std::string out_dir;                   // empty: nothing is written
  double margin = 0.5;                   // percentage points
  ClipReadingOptions clips;
  bool allow_missing = false;
  IntervalOptions intervals;
  int threads = 0;
  bool overwrite = false;

  void Bind(OptionBinder& binder);
  void Check() const;
};

struct CompareScoresReport {
  nlohmann::ordered_json figures;  // the content of comparison.json
  std::string text;
};

// Throws what ReadSubsetScores, Compare and StageOutput throw.
CompareScoresReport RunCompareScores(const CompareScoresOptions& options);

}  // namespace reel3d
