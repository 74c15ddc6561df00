// Chooses the wrongly answered videos of which a report shows frames.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/report/read/run_record.h"

namespace reel3d::report {

// Returns at most `most` strips without pictures: the most confident mistake, the most suspect
// label, the second mistake and so on. A video that is in both lists has one strip. Mistakes
// without Mistake::clip have none.
std::vector<Strip> ChooseStrips(const EvaluationRecord& evaluation, size_t most);

// Returns whether the network saw the frames of each clip in random order. Strips show them in
// order of time, so there is no heat that fits them.
bool AreFramesShuffled(const EvaluationRecord& evaluation);

}  // namespace reel3d::report
