// Writes the figures of an evaluation as JSON. docs/reference/formats.md lists the keys.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "lib/eval/evaluation.h"

namespace reel3d {

// Returns the figures of metrics.json: counts, accuracies, slices, classes.
nlohmann::ordered_json MetricsToJson(const SubsetScores& subset, const Evaluation& evaluation);

// Returns the figures of figures.json: accuracies with intervals, other readings of the scores,
// calibration, abstention and ranking. The caller adds the ladder.
nlohmann::ordered_json FiguresToJson(const Evaluation& evaluation);

}  // namespace reel3d
