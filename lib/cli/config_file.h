// Configuration files (.ini): reading them into an option table, and where recipes lie.
//
// A file may name a recipe (`recipe = hara2020`). The recipe's settings are read first, so that the
// file's own overrule them. A recipe may name another one in the same way.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lib/cli/option_table.h"
#include "lib/cli/tool.h"

namespace reel3d {

struct ConfigText {
  std::string source;  // the file, or what else names the text in usage errors
  std::string text;
};

// Throws a usage error if the file cannot be read or is larger than 1 MB.
ConfigText ReadConfigText(const std::filesystem::path& file);

// `top`, the recipe that it names, the recipe that this one names, and so on to the last. Throws a
// usage error that names the files on an unknown recipe and where recipes name each other in a
// circle.
std::vector<ConfigText> WithRecipes(const OptionTable& table, ConfigText top,
                                    RecipeFiles recipe_files = RecipeFiles::kAccepted);

// Sets each `key = value` of the text, but reads no recipe. Keys in a [section] are written
// section.key; # begins a comment. Throws a usage error that names the text and the line where a
// line has another form, a key stands twice, or a key is for the command line alone.
void ApplyConfig(const OptionTable& table, const ConfigText& config);
// Sets the last text's values first, so that the first text overrules all others.
void ApplyConfigs(const OptionTable& table, const std::vector<ConfigText>& configs);

// The file that a recipe's name means: itself where it holds a slash or ends in .ini (relative to
// the working directory, whoever names it), else
// configs/recipes/NAME.ini in or above the running program's folder, in share/reel3d there, or in
// the sources it was built from.
// Throws a usage error that lists the known names.
std::filesystem::path RecipeFile(const std::string& name);

}  // namespace reel3d
