// Writes the figures of an evaluation as JSON. docs/reference/formats.md lists the keys.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "lib/eval/evaluation.h"

namespace reel3d {

// Returns what metrics.json holds of the figures: counts, accuracies, classes.
nlohmann::ordered_json MetricsToJson(const SubsetScores& subset, const Evaluation& evaluation);

// Returns figures.json: every figure, with intervals, other readings of the scores, calibration and
// ranking.
nlohmann::ordered_json FiguresToJson(const Evaluation& evaluation);

}  // namespace reel3d
