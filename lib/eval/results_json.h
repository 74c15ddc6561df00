// Reads answers and true labels in the JSON forms of the reference code and of ActivityNet.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lib/eval/ranked_results.h"

namespace reel3d {

// Reads {"results": {id: [{"label", "score"}, ...]}}. ActivityNet's submissions also have "version"
// and "external_data", which are ignored. Throws an input error that names the file and video if
// the form is another one, such as scores of segments.
std::vector<ResultEntry> ReadResults(const std::filesystem::path& file);

// Reads {"database": {id: {"subset", "annotations"}}}, where "annotations" is one object with a
// "label" (reference code) or a list of them (ActivityNet). Returns the videos of `subset` that
// have a label; several instances of one label count once. If there are no such videos, throws an
// input error that lists the subsets of the file.
TrueLabels ReadTrueLabels(const std::filesystem::path& file, const std::string& subset);

}  // namespace reel3d
