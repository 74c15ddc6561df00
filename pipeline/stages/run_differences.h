// Says in what two scored runs differ: the network, the data, and each setting of score-videos.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/eval/video_scores.h"

namespace reel3d {

struct RunDifference {
  std::string what;        // "checkpoint", "data" or the name of a setting
  std::string first, run;  // values; a setting that a run lacks is empty
};

// Returns the differences that the score files state. Settings that decide no score, such as the
// size of a batch, are among them: they can change the rounding.
std::vector<RunDifference> DifferencesOf(const SubsetScores& first, const SubsetScores& run);

// Returns a sentence with a line feed: "VALUE of the run against VALUE of the first".
std::string FormatDifferences(const std::vector<RunDifference>& differences);

// Returns a list of objects `what first run`.
nlohmann::ordered_json DifferencesToJson(const std::vector<RunDifference>& differences);

}  // namespace reel3d
