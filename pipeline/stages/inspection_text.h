// Formats the description of a file (inspect_file.h) for users.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace reel3d {

// The "kind" of a description whose rows are in the order of time.
constexpr const char* kKindInTime = "starts of a training";

// Returns "key value" lines, then a table for each list of objects with the same fields, and one
// for "rows". A table has at most `max_rows` rows, the first ones; 0: all. Of rows that are in the
// order of time, "rows" shows the last ones. Control characters are escaped.
std::string FormatInspection(const nlohmann::ordered_json& description, int max_rows);

}  // namespace reel3d
