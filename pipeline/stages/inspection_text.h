// Formats the description of a file (inspect_file.h) for users.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace reel3d {

// Returns "key value" lines, then a table for each list of objects with the same fields, and one
// for "rows". A table has at most `max_rows` rows; 0: all. Control characters are escaped.
std::string FormatInspection(const nlohmann::ordered_json& description, int max_rows);

}  // namespace reel3d
