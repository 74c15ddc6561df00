// Describes passports of data sets, in the form that inspect_file.h defines.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

namespace reel3d {

// Describes a passport: its facts, a table of its subsets, and a row for each class.
nlohmann::ordered_json InspectPassport(const std::filesystem::path& file);

// Describes where two passports differ, with a row for each value. Each path is a passport, a
// manifest, or a folder or checkpoint that carries a passport. Throws an input error if one carries
// none.
nlohmann::ordered_json ComparePassports(const std::filesystem::path& first,
                                        const std::filesystem::path& second);

}  // namespace reel3d
