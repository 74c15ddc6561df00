// Finds doubts (lib/data/doubt.h) about an evaluation that lacks videos of some classes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/data/doubt.h"
#include "lib/eval/evaluation.h"

namespace reel3d {

// Returns doubts about the classes of the scored videos, without those that `said` has already.
std::vector<Doubt> DoubtsOfJudged(const SubsetScores& subset, const Evaluation& evaluation,
                                  const std::vector<Doubt>& said);

}  // namespace reel3d
