// Configuration files (.ini): reading them into an option table, and where recipes lie.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "lib/cli/option_table.h"

namespace reel3d {

// Sets each `key = value` of `text`; `source` names it in the usage errors. Keys in a [section]
// are written section.key.
void ApplyConfig(const OptionTable& table, const std::string& text, const std::string& source);

// The file that a recipe's name means: itself where it holds a slash or ends in .ini, else
// configs/recipes/NAME.ini in or above the running program's folder, in share/reel3d there, or in
// the sources it was built from.
// Throws a usage error that lists the known names.
std::filesystem::path RecipeFile(const std::string& name);

}  // namespace reel3d
