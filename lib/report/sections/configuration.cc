// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

struct Key {
  std::string stage, key;
};

// Returns the keys of all runs, each once, in the order of the first run that has it.
std::vector<Key> KeysOf(const std::vector<RunRecord>& runs) {
  std::vector<Key> keys;
  std::set<std::pair<std::string, std::string>> seen;
  for (const RunRecord& run : runs) {
    for (const Setting& setting : run.settings) {
      if (seen.insert({setting.stage, setting.key}).second) {
        keys.push_back({setting.stage, setting.key});
      }
    }
  }
  return keys;
}

std::vector<std::string> ValuesOf(const std::vector<RunRecord>& runs, const Key& key) {
  std::vector<std::string> values;
  for (const RunRecord& run : runs) {
    const auto found =
        std::find_if(run.settings.begin(), run.settings.end(), [&](const Setting& setting) {
          return setting.stage == key.stage && setting.key == key.key;
        });
    values.push_back(found == run.settings.end() ? "\xE2\x80\x93" : found->value);
  }
  return values;
}

}  // namespace

Content MakeConfiguration(const std::vector<RunRecord>& runs) {
  Content content;
  Table all;
  all.title = "All settings";
  all.columns = {{"key"}, {"stage"}};
  for (const RunRecord& run : runs) {
    all.columns.push_back({run.name});
  }
  Table different = all;
  different.title = "Settings that differ between the runs";
  for (const Key& key : KeysOf(runs)) {
    const std::vector<std::string> values = ValuesOf(runs, key);
    const bool differs = std::any_of(values.begin(), values.end(), [&](const std::string& value) {
      return value != values.front();
    });
    Row row;
    row.cells = {TextCell(key.key), TextCell(key.stage)};
    for (const std::string& value : values) {
      row.cells.push_back(TextCell(value));
    }
    row.is_marked = differs;
    all.rows.push_back(row);
    if (differs) {
      row.is_marked = false;
      different.rows.push_back(row);
    }
  }
  all.most_rows = 2000;
  if (all.rows.empty()) {
    content.AddText("No settings are known: there is no config.ini.");
    return content;
  }
  if (runs.size() > 1) {
    if (different.rows.empty()) {
      content.AddText("All settings of the runs are equal.");
    } else {
      content.AddTable("different_settings", different);
    }
  }
  content.AddFoldedTable("all_settings",
                         runs.size() > 1
                             ? fmt::format("All {} settings; bold: they differ", all.rows.size())
                             : fmt::format("All {} settings", all.rows.size()),
                         all);
  return content;
}

}  // namespace reel3d::report
