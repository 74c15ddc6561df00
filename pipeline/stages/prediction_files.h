// Writes the answers of an evaluation, video by video, as text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/eval/suspect_labels.h"
#include "lib/eval/video_scores.h"

namespace reel3d {

// predictions.tsv: one row per video. `threshold`: the least confidence of an answer; below it,
// column `unsure` says yes. None: the column is empty.
std::string FormatPredictions(const SubsetScores& subset, Averaging averaging,
                              std::optional<double> threshold);

// suspect_labels.tsv: the videos that may have a wrong label, most suspect first.
std::string FormatSuspects(const std::vector<SuspectLabel>& ranked,
                           const std::vector<std::string>& classes);

enum class ResultsForm {
  kReference,    // {"results": ...}, as the 2018 and 2020 PyTorch code writes
  kActivityNet,  // the same with "version" and "external_data", as its challenge asks for
};
// Returns "reference", "activitynet".
const std::vector<std::string>& ResultsFormNames();
// Throws a usage error if `name` is none of them.
ResultsForm ParseResultsForm(const std::string& name);

// results.json: the `top_k` best classes per video, or all if it is 0.
std::string FormatResults(const SubsetScores& subset, int top_k, ResultsForm form);

}  // namespace reel3d
