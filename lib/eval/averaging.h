// From the logits of a video's clips to one score a class for the video. Pure arithmetic.
//
// Which mean is meant is the first thing that published figures differ in: the mean of softmax is
// the 2018 and 2020 code and the paper's figures; the mean of log-softmax (a geometric mean) is the
// Torch7 code of 2017; the mean of raw logits is the PyTorch code before November 2017. The largest
// probability is for untrimmed videos that show the action for a moment.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/eval/score_file.h"

namespace reel3d {

enum class Averaging { kSoftmax, kLogits, kLogSoftmax, kMax };

// "softmax", "logits", "log-softmax", "max".
const std::vector<std::string>& AveragingNames();
// Throws a usage error that lists the names.
Averaging ParseAveraging(const std::string& name);

// Combines `clips`, each num_classes finite logits, in the given order; at least one. Sums are in
// double. The result is comparable within a video: probabilities for kSoftmax and kMax (of which
// only the former add up to 1), means of logits or log-probabilities otherwise.
std::vector<double> AverageClips(const std::vector<const float*>& clips, size_t num_classes,
                                 Averaging averaging);

// Rows of scores.clips by video, in file order: those with at least `min_distinct` different
// frames, or all of the video's where none has so many, so that no short video vanishes. A video
// without any clip has none here either.
std::vector<std::vector<size_t>> ClipsOfVideos(const Scores& scores, int min_distinct);

}  // namespace reel3d
