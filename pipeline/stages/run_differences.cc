// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/run_differences.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "lib/data/names.h"

namespace reel3d {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

// Splits "key = value;" one after the other. If a value holds a semicolon, what follows it is
// shown as a setting of its own.
Settings SettingsIn(const std::string& text) {
  Settings settings;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(';', begin), text.size());
    const std::string setting = text.substr(begin, end - begin);
    const size_t sign = setting.find(" = ");
    settings.emplace_back(setting.substr(0, sign),
                          sign == std::string::npos ? "" : setting.substr(sign + 3));
    begin = end + 1;
  }
  return settings;
}

std::string Shown(const std::string& value) { return value.empty() ? "(none)" : Escaped(value); }

}  // namespace

std::vector<RunDifference> DifferencesOf(const SubsetScores& first, const SubsetScores& run) {
  std::vector<RunDifference> differences;
  const auto compare = [&](const std::string& what, const std::string& a, const std::string& b) {
    if (a != b) {
      differences.push_back({what, a, b});
    }
  };
  compare("checkpoint", first.checkpoint, run.checkpoint);
  compare("data", first.data, run.data);
  const Settings of_first = SettingsIn(first.settings);
  const Settings of_run = SettingsIn(run.settings);
  std::map<std::string, std::string> values(of_run.begin(), of_run.end());
  for (const auto& [name, value] : of_first) {
    compare(name, value, values[name]);
    values.erase(name);
  }
  for (const auto& [name, value] : of_run) {
    if (values.count(name) != 0) {
      compare(name, "", value);
    }
  }
  return differences;
}

std::string FormatDifferences(const std::vector<RunDifference>& differences) {
  if (differences.empty()) {
    return "the runs have the same checkpoint, data and settings of score-videos\n";
  }
  std::string text = "the runs differ in";
  for (size_t place = 0; place < differences.size(); ++place) {
    const RunDifference& one = differences[place];
    text += fmt::format("{} {}: {} against {}", place == 0 ? "" : ";", Escaped(one.what),
                        Shown(one.run), Shown(one.first));
  }
  return text + "\n";
}

nlohmann::ordered_json DifferencesToJson(const std::vector<RunDifference>& differences) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const RunDifference& one : differences) {
    list.push_back({{"what", one.what}, {"first", one.first}, {"run", one.run}});
  }
  return list;
}

}  // namespace reel3d
