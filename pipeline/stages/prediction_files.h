// Writes the answers of an evaluation, video by video, as text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/eval/suspect_labels.h"
#include "lib/eval/video_scores.h"

namespace reel3d {

// Returns predictions.tsv, with one row per video. The columns `surest_...` describe the clip that
// is surest of the answer: its first frame, its different frames, its crop and its probability of
// the predicted class (SurestClip). Column `unsure` is "yes" if the confidence of
// the answer is below `threshold`, else "no". Without a threshold the column is empty. Uses up to
// `threads` threads.
std::string FormatPredictions(const SubsetScores& subset, Averaging averaging,
                              std::optional<double> threshold, int threads);

// Returns suspect_labels.tsv: the videos that may have a wrong label, most suspect first.
std::string FormatSuspects(const std::vector<SuspectLabel>& ranked,
                           const std::vector<std::string>& classes);

enum class ResultsForm {
  kReference,    // {"results": ...}, as the 2018 and 2020 PyTorch code writes
  kActivityNet,  // with "version" and "external_data", as the ActivityNet challenge requires
};
// Returns "reference", "activitynet".
const std::vector<std::string>& ResultsFormNames();
// Throws a usage error if `name` is not in ResultsFormNames().
ResultsForm ParseResultsForm(const std::string& name);

// Returns results.json, with the `top_k` best classes of each video; 0: all classes. Uses up to
// `threads` threads.
std::string FormatResults(const SubsetScores& subset, int top_k, ResultsForm form, int threads);

}  // namespace reel3d
