// Writes the answers of an evaluation, video by video, as text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/eval/video_scores.h"

namespace reel3d {

// predictions.tsv: one row per video.
std::string FormatPredictions(const SubsetScores& subset);

// results.json, in the form of the 2018 and 2020 PyTorch code: the `top_k` best classes per video,
// or all if it is 0.
std::string FormatResults(const SubsetScores& subset, int top_k);

}  // namespace reel3d
