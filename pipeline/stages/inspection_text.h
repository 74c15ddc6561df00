// Formats the description of a file (inspect_file.h) for users.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace reel3d {

// Returns "key  value" lines, then the first `max_rows` rows (0: all) as a table.
std::string FormatInspection(const nlohmann::ordered_json& description, int max_rows);

}  // namespace reel3d
