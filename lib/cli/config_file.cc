// SPDX-License-Identifier: Apache-2.0
#include "lib/cli/config_file.h"

#include <fmt/format.h>

#include <boost/program_options.hpp>
#include <set>
#include <sstream>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/text_lines.h"
#include "lib/cli/tool.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace po = boost::program_options;

void ApplyConfig(const OptionTable& table, const std::string& text, const std::string& source) {
  try {
    RequireNotUtf16(text, source);
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
  std::istringstream stream{std::string(WithoutByteOrderMark(text))};
  po::parsed_options parsed(nullptr);
  try {
    const po::options_description nothing;
    parsed = po::parse_config_file(stream, nothing, /*allow_unregistered=*/true);
  } catch (const po::error& error) {
    throw UsageError(source + ": " + error.what());
  }
  for (const po::option& option : parsed.options) {
    table.Set(source + ": ", option.string_key, option.value.empty() ? "" : option.value.front());
  }
}

void ReadConfig(const BindFunction& bind, const std::string& text, const std::string& source) {
  OptionTable table;
  bind(table);
  ApplyConfig(table, text, source);
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
  if (name.find('/') != std::string::npos || fs::path(name).extension() == ".ini") {
    return name;
  }
  std::error_code ignored;
  std::vector<fs::path> folders;
  fs::path above = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (; above.has_relative_path(); above = above.parent_path()) {
    folders.push_back(above / "configs" / "recipes");
    folders.push_back(above / "share" / "reel3d" / "configs" / "recipes");
  }
  folders.emplace_back(REEL3D_RECIPES);  // of the sources that this was built from
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
