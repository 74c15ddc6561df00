// The part of evaluate-scores about score-videos --probe order: reads the scores of the other
// orders of frames, and writes what the classes need as text, table and JSON.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/data/frame_order.h"
#include "lib/eval/order_probe.h"
#include "lib/eval/video_scores.h"

namespace reel3d {

// Returns the order in which the network saw the frames of these scores.
FrameOrder ShownOrder(const SubsetScores& subset);

// Judges the scores in the folders below `scores_dir`, whose own scores are `subset`. Returns
// nothing if they were scored without --probe. Throws an input error if a folder is missing, or of
// another checkpoint, other data or other settings, and what ReadSubsetScores() and
// JudgeOrderProbe() throw.
std::optional<OrderProbe> ProbeOf(const std::filesystem::path& scores_dir,
                                  const SubsetScores& subset, const ScoresRequest& request,
                                  const OrderProbeOptions& options);

// Returns the section of table.txt. It lists all classes with videos if there are at most
// kMostClassesInText, else counts them.
std::string FormatProbe(const OrderProbe& probe, const std::vector<std::string>& classes);
// Returns probe.tsv: a row for all videos, named "(all)", then one for each class.
std::string FormatProbeTable(const OrderProbe& probe, const std::vector<std::string>& classes);
nlohmann::ordered_json ProbeToJson(const OrderProbe& probe,
                                   const std::vector<std::string>& classes);

}  // namespace reel3d
