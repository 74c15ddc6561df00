// Reads a table of videos with several labels.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lib/eval/evaluation.h"

namespace reel3d {

// Reads a file of tab separated values with the columns `id label`, one row for each label of a
// video. If there is a third column, `subset`, only the rows of `subset` count. A pair that occurs
// twice counts once. `ids` are the scored videos. Throws an input error that names the line of a
// label that is not one of `classes`, one if no row counts, and one if no row is of a scored video.
// Warns if the file's videos are not the scored ones.
LabelSets ReadLabelSets(const std::filesystem::path& file, const std::vector<std::string>& classes,
                        const std::string& subset, const std::vector<std::string>& ids);

}  // namespace reel3d
