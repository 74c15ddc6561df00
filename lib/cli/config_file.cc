// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/text_lines.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

struct Setting {
  std::string key, value;
  int line = 0;
};

std::string Trimmed(std::string_view text) {
  constexpr const char* kBlanks = " \t\r";
  const size_t first = text.find_first_not_of(kBlanks);
  const size_t last = text.find_last_not_of(kBlanks);
  return first == std::string_view::npos ? "" : std::string(text.substr(first, last + 1 - first));
}

[[noreturn]] void FailLine(const ConfigText& config, int line, const std::string& why) {
  throw UsageError(fmt::format("{}: line {}: {}", config.source, line, why));
}

// Returns the settings in the order of the lines. A key that stands twice is refused, because one
// of its values would be lost without a message.
std::vector<Setting> Parse(const ConfigText& config) {
  try {
    RequireNotUtf16(config.text, config.source);
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
  std::vector<Setting> settings;
  std::map<std::string, int> line_of_key;
  std::string section;
  TextLines lines(config.text, config.source);
  for (std::string_view line; lines.Next(&line);) {
    const std::string words = Trimmed(line.substr(0, line.find('#')));
    if (words.empty()) {
      continue;
    }
    if (words.front() == '[' && words.back() == ']') {
      section = Trimmed(std::string_view(words).substr(1, words.size() - 2)) + ".";
      continue;
    }
    const size_t equals = words.find('=');
    const std::string key = Trimmed(std::string_view(words).substr(0, equals));
    if (equals == std::string::npos || key.empty()) {
      FailLine(config, lines.number(), fmt::format("'{}' is not of the form: key = value", words));
    }
    const auto [first, is_new] = line_of_key.emplace(section + key, lines.number());
    if (!is_new) {
      FailLine(config, lines.number(),
               fmt::format("{} stands in line {} already; remove one of the two", first->first,
                           first->second));
    }
    settings.push_back(
        {first->first, Trimmed(std::string_view(words).substr(equals + 1)), lines.number()});
  }
  return settings;
}

// Returns the recipe that a text names; empty if it names none.
std::string RecipeNamedIn(const OptionTable& table, const ConfigText& config) {
  std::string name;
  for (const Setting& setting : Parse(config)) {
    const OptionEntry* entry = table.Find(setting.key);
    name = entry != nullptr && entry->is_recipe ? setting.value : name;
  }
  return name;
}

bool IsFileName(const std::string& recipe) {
  return recipe.find('/') != std::string::npos || fs::path(recipe).extension() == ".ini";
}

// Returns the text of the recipe that `config` names.
ConfigText ReadNamedRecipe(const ConfigText& config, const std::string& recipe,
                           RecipeFiles recipe_files) {
  if (recipe_files == RecipeFiles::kRefused && IsFileName(recipe)) {
    throw UsageError(fmt::format(
        "{}: recipe = {} is a file of another machine; only names such as hara2020 are accepted",
        config.source, recipe));
  }
  try {
    return ReadConfigText(RecipeFile(recipe));
  } catch (const Error& error) {
    throw UsageError(fmt::format("{}: recipe = {}: {}", config.source, recipe, error.what()));
  }
}

}  // namespace

ConfigText ReadConfigText(const fs::path& file) {
  try {
    return {file.string(), ReadFile(file, uint64_t{1} << 20)};
  } catch (const Error& error) {
    throw UsageError(std::string("configuration: ") + error.what());
  }
}

std::vector<ConfigText> WithRecipes(const OptionTable& table, ConfigText top,
                                    RecipeFiles recipe_files) {
  std::vector<ConfigText> texts;
  std::vector<std::string> chain;
  for (ConfigText next = std::move(top);;) {
    std::error_code ignored;
    const fs::path resolved = fs::weakly_canonical(next.source, ignored);
    const bool was_here = std::count(chain.begin(), chain.end(), resolved.string()) > 0;
    chain.push_back(resolved.string());
    if (was_here) {
      throw UsageError(
          fmt::format("the recipes name each other in a circle: {}; remove one of "
                      "their lines 'recipe = ...'",
                      fmt::join(chain, " -> ")));
    }
    const std::string recipe = RecipeNamedIn(table, next);
    texts.push_back(next);
    if (recipe.empty()) {
      return texts;
    }
    next = ReadNamedRecipe(next, recipe, recipe_files);
  }
}

void ApplyConfig(const OptionTable& table, const ConfigText& config) {
  for (const Setting& setting : Parse(config)) {
    const OptionEntry* entry = table.Find(setting.key);
    if (entry != nullptr && entry->is_for_command_line) {
      FailLine(
          config, setting.line,
          fmt::format("{} has no effect in a file: remove the line and say --{} on the command "
                      "line",
                      setting.key, setting.key));
    }
    table.Set(config.source + ": ", setting.key, setting.value);
  }
}

void ApplyConfigs(const OptionTable& table, const std::vector<ConfigText>& configs) {
  std::for_each(configs.rbegin(), configs.rend(),
                [&](const ConfigText& config) { ApplyConfig(table, config); });
}

void ReadConfig(const BindFunction& bind, const std::string& text, const std::string& source,
                RecipeFiles recipe_files) {
  OptionTable table;
  bind(table);
  ApplyConfigs(table, WithRecipes(table, {source, text}, recipe_files));
}

std::vector<fs::path> ReadConfigFile(const BindFunction& bind, const fs::path& file) {
  OptionTable table;
  bind(table);
  const std::vector<ConfigText> configs = WithRecipes(table, ReadConfigText(file));
  ApplyConfigs(table, configs);
  std::vector<fs::path> files;
  for (const ConfigText& config : configs) {
    files.emplace_back(config.source);
  }
  return files;
}

std::string FormatConfig(const BindFunction& bind, bool only_output) {
  OptionTable table;
  bind(table);
  std::string text;
  for (const OptionEntry& option : table.options()) {
    if (option.effect == Effect::kOnce || (only_output && option.effect == Effect::kRunOnly)) {
      continue;
    }
    const std::string value = option.show();
    if (!only_output) {
      text += "# " + option.help + "\n";
      if (value.find('#') != std::string::npos) {
        text += "# (to be given on the command line: '#' begins a comment here)\n# ";
      }
    }
    text += fmt::format("{} = {}\n", option.name, value);
  }
  return text;
}

fs::path RecipeFile(const std::string& name) {
  if (IsFileName(name)) {
    return name;
  }
  std::error_code ignored;
  std::vector<fs::path> folders;
  fs::path above = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (; above.has_relative_path(); above = above.parent_path()) {
    folders.push_back(above / "configs" / "recipes");
    folders.push_back(above / "share" / "reel3d" / "configs" / "recipes");
  }
  folders.emplace_back(REEL3D_RECIPES);  // of the sources of this build
  std::set<std::string> known;
  for (const fs::path& folder : folders) {
    if (fs::is_regular_file(folder / (name + ".ini"), ignored)) {
      return folder / (name + ".ini");
    }
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
      known.insert(entry.path().stem().string());
    }
  }
  throw UsageError(
      fmt::format("no recipe is called '{}'; known are: {}", name, fmt::join(known, ", ")));
}

}  // namespace reel3d
