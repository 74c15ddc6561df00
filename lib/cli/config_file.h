// Reads configuration files (.ini) into an option table, and finds recipes.
//
// A file may name a recipe (`recipe = hara2020`). The recipe's settings are read first, so that the
// file's own settings overrule those of the recipe. A recipe may name another recipe in the same
// way.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lib/cli/option_table.h"
#include "lib/cli/tool.h"

namespace reel3d {

struct ConfigText {
  std::string source;  // name of the text in usage errors, such as the file's
  std::string text;
};

// Throws a usage error if the file cannot be read or is larger than 1 MB.
ConfigText ReadConfigText(const std::filesystem::path& file);

// Returns `top`, the recipe that `top` names, the recipe that this recipe names, and so on to the
// last. Throws a usage error that names the files if a recipe is unknown or recipes form a circle.
std::vector<ConfigText> WithRecipes(const OptionTable& table, ConfigText top,
                                    RecipeFiles recipe_files = RecipeFiles::kAccepted);

// Sets each `key = value` of the text, but reads no recipe. Keys in a [section] are written
// section.key; # begins a comment. Throws a usage error that names the text and the line if a line
// has another form, a key stands twice, or a key is for the command line alone.
void ApplyConfig(const OptionTable& table, const ConfigText& config);
// Sets the last text's values first, so that the first text overrules all others.
void ApplyConfigs(const OptionTable& table, const std::vector<ConfigText>& configs);

// Returns the file that a recipe's name means. A name with a slash or the ending .ini is a path,
// relative to the working directory. Any other name means configs/recipes/NAME.ini. This file is
// searched in the running program's folder and all folders above, in share/reel3d of each, and last
// in the sources of the build. Throws a usage error that lists the known names if there is no such
// file.
std::filesystem::path RecipeFile(const std::string& name);

}  // namespace reel3d
