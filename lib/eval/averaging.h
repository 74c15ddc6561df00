// Combines the logits of a video's clips into one score per class of the video. Pure arithmetic.
//
// Published figures differ first of all in the kind of mean. The 2018 and 2020 code and the paper's
// figures use the mean of softmax. The Torch7 code of 2017 uses the mean of log-softmax (a
// geometric mean). The PyTorch code before November 2017 uses the mean of raw logits. The largest
// probability suits untrimmed videos that show the action for a moment.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/eval/score_file.h"

namespace reel3d {

enum class Averaging { kSoftmax, kLogits, kLogSoftmax, kMax };

// Returns "softmax", "logits", "log-softmax", "max".
const std::vector<std::string>& AveragingNames();
// Throws a usage error that lists the names if `name` is not one of them.
Averaging ParseAveraging(const std::string& name);

// Combines `clips`, each num_classes finite logits, in the given order; there must be at least one
// clip. Sums are in double. The scores of one video can be compared with each other: they are
// probabilities for kSoftmax and kMax (only those of kSoftmax add up to 1), otherwise means of
// logits or log-probabilities.
std::vector<double> AverageClips(const std::vector<const float*>& clips, size_t num_classes,
                                 Averaging averaging);

// Returns, for each video, its rows of scores.clips in file order. It keeps the clips with at least
// `min_distinct` different frames. If a video has no such clip, it keeps all of the video's clips,
// so that no short video vanishes. A video without clips has no rows.
std::vector<std::vector<size_t>> ClipsOfVideos(const Scores& scores, int min_distinct);

}  // namespace reel3d
