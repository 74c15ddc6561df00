// The stage behind evaluate-scores reads score files and writes accuracies and predictions. It
// needs no GPU, no network and no torch, and takes seconds: run it once for every way of averaging.
//
//   predictions.tsv  id  label  predicted  score  top5_1 .. top5_5  rank  num_clips
//                    (rank: how many classes stand before the true one; empty without a label)
//   metrics.json     every figure, as fractions
//   table.txt        the same for a person
//   confusion.tsv    a row a true class, a column a predicted one, videos
//   results.json     {"results": {id: [{"label", "score"} x top-k]}}, as the reference code writes
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "lib/base/option_binder.h"

namespace reel3d {

struct EvaluateScoresOptions {
  std::string scores_dir, out_dir;
  std::string average = "softmax";
  int min_distinct = 1;
  int top_k = 5;
  bool allow_missing = false;
  int64_t seed = 0;
  bool overwrite = false;

  void Bind(OptionBinder& binder);
  void Check() const;
};

struct EvaluateScoresReport {
  nlohmann::ordered_json metrics;  // what metrics.json holds
  std::string table;               // the same for a person
};

// Throws what ReadSubsetScores and StageOutput throw.
EvaluateScoresReport RunEvaluateScores(EvaluateScoresOptions options);

}  // namespace reel3d
