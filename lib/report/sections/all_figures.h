// Makes the table of every accuracy figure of the runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "lib/report/draw/table.h"
#include "lib/report/read/run_record.h"

namespace reel3d::report {

// Returns the interval that is the value of this key: two finite numbers; none if it is absent.
std::optional<std::pair<double, double>> IntervalOf(const Json& object, const char* key);

// Returns a row for each figure and four columns for each run: the figure with missing videos
// counted as wrong, with missing videos ignored, and its 95 % interval. Has no rows if no run has
// an evaluation.
Table AllFigures(const std::vector<RunRecord>& runs);

}  // namespace reel3d::report
