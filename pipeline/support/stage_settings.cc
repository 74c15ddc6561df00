// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/stage_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

namespace reel3d {
namespace {

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

std::string Line(const Values::value_type& option) {
  return fmt::format("{} = {}", option.first, option.second);
}

}  // namespace

std::string SettingsDifference(const std::string& there, const StageSettings& now) {
  const Values old_values = ParseValues(there);
  const Values new_values = ParseValues(now.output);
  const Values defaults = ParseValues(now.defaults);
  const Values config = ParseValues(now.config);
  std::vector<std::string> differences;
  for (const auto& option : new_values) {
    const auto old = old_values.find(option.first);
    const auto by_default = defaults.find(option.first);
    if (old != old_values.end() && old->second != option.second) {
      differences.push_back(fmt::format("'{}' there, '{}' now", Line(*old), Line(option)));
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
