// Finds doubts (lib/data/doubt.h) about which classes an evaluation could judge.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/data/doubt.h"
#include "lib/eval/evaluation.h"

namespace reel3d {

// Returns doubts about the videos judged, without those that `said` holds already.
std::vector<Doubt> DoubtsOfJudged(const SubsetScores& subset, const Evaluation& evaluation,
                                  const std::vector<Doubt>& said);

}  // namespace reel3d
