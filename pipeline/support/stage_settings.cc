// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/stage_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <sstream>
#include <vector>

#include "lib/base/error.h"
#include "pipeline/support/stage_files.h"

namespace reel3d {
namespace {

constexpr const char* kNumberLine = "# {} settings decide what is written here\n";
constexpr const char* kScannedNumber = "# %zu settings";

using Values = std::map<std::string, std::string>;  // by option

// Reads the lines that FormatConfig writes. A line without a key continues the value before it, so
// that every character counts in the comparison.
Values ParseValues(const std::string& text) {
  Values values;
  std::string key;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const size_t equals = line.find(" =");
    if (equals == std::string::npos) {
      values[key] += "\n" + line;
      continue;
    }
    key = line.substr(0, equals);
    values[key] += line.substr(std::min(equals + 3, line.size()));
  }
  return values;
}

// Escapes control characters of a damaged file, because a NUL would cut off the error message.
std::string WithoutControls(const std::string& text) {
  std::string shown;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    shown += byte < 0x20 || byte == 0x7F ? fmt::format("\\x{:02x}", byte) : std::string(1, letter);
  }
  return shown;
}

std::string Line(const Values::value_type& option) {
  return WithoutControls(fmt::format("{} = {}", option.first, option.second));
}

// Counts the settings. Text before the first setting, which has the key "", does not count.
size_t NumSettings(const Values& values) { return values.size() - values.count(""); }

// Returns the names of the settings in `now` that `there` lacks, at most the first few.
std::string LostSettings(const Values& there, const Values& now) {
  constexpr size_t kMostNames = 6;
  std::vector<std::string> lost;
  for (const auto& option : now) {
    if (there.count(option.first) == 0) {
      lost.push_back(option.first);
    }
  }
  const size_t more = lost.size() - std::min(lost.size(), kMostNames);
  lost.resize(lost.size() - more);
  return fmt::format("{}{}", fmt::join(lost, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

}  // namespace

std::string FormatSettingsFile(const std::string& output) {
  return fmt::format(kNumberLine, NumSettings(ParseValues(output))) + output;
}

std::string ParseSettingsFile(const std::string& text, const std::filesystem::path& file,
                              const StageSettings& now) {
  const Values values = ParseValues(text);
  const size_t num_settings = NumSettings(values);
  size_t stated = 0;
  const bool states_number = std::sscanf(text.c_str(), kScannedNumber, &stated) == 1;
  const bool ends_whole = !text.empty() && text.back() == '\n';
  if (ends_whole && (states_number ? num_settings == stated : num_settings > 0)) {
    return states_number ? text.substr(text.find('\n') + 1) : text;
  }
  const std::string lost = LostSettings(values, ParseValues(now.output));
  throw InputError(fmt::format(
      "{} was cut or changed after it was written: it holds {} settings{}{}; put back the lines "
      "({} beside it holds the same settings), or name another folder, or --overwrite to make this "
      "one again (under make: OVERWRITE=yes)",
      file.string(), num_settings, states_number ? fmt::format(" and states {}", stated) : "",
      lost.empty() ? "" : fmt::format(" (missing: {})", lost), kConfigFile));
}

std::string SettingsDifference(const std::string& there, const StageSettings& now,
                               const std::string& config_there) {
  const Values old_values = ParseValues(there);
  const Values old_config = ParseValues(config_there);
  const Values new_values = ParseValues(now.output);
  const Values defaults = ParseValues(now.defaults);
  const Values config = ParseValues(now.config);
  std::vector<std::string> differences;
  for (const auto& option : new_values) {
    const auto old = old_values.find(option.first);
    const auto in_config = old_config.find(option.first);
    const auto by_default = defaults.find(option.first);
    if (old != old_values.end() && old->second != option.second) {
      differences.push_back(fmt::format("'{}' there, '{}' now", Line(*old), Line(option)));
    } else if (old == old_values.end() && in_config != old_config.end()) {
      if (in_config->second != option.second) {
        differences.push_back(
            fmt::format("'{}' in {} there, '{}' now", Line(*in_config), kConfigFile, Line(option)));
      }
    } else if (old == old_values.end() && by_default == defaults.end()) {
      differences.push_back(fmt::format("nothing there, '{}' now", Line(option)));
    } else if (old == old_values.end() && by_default->second != option.second) {
      differences.push_back(
          fmt::format("'{}' there by default, '{}' now", Line(*by_default), Line(option)));
    }
  }
  for (const auto& option : old_values) {
    if (new_values.count(option.first) == 0 && config.count(option.first) == 0) {
      differences.push_back(fmt::format("'{}' there, unknown to this version", Line(option)));
    }
  }
  return fmt::format("{}", fmt::join(differences, "; "));
}

}  // namespace reel3d
