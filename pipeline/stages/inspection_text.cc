// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/inspection_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

// Returns the text in a form that a terminal can show; all lines after the first are indented.
std::string Printable(const std::string& text) {
  std::string printable;
  for (const char byte : text) {
    if (byte == '\n') {
      printable += "\n                     ";
    } else {
      printable += (byte >= 0 && byte < ' ') || byte == 127 ? '?' : byte;
    }
  }
  return printable;
}

std::string ValueText(const Json& value) {
  return value.is_string() ? Printable(value.get<std::string>()) : value.dump();
}

std::string FormatTable(const Json& rows, size_t count) {
  std::vector<std::vector<std::string>> lines(count + 1);
  for (const auto& [key, value] : rows[0].items()) {
    size_t width = key.size();
    for (size_t row = 0; row < count; ++row) {
      width = std::max(width, ValueText(rows[row][key]).size());
    }
    lines[0].push_back(fmt::format("{:<{}}", key, width));
    for (size_t row = 0; row < count; ++row) {
      const std::string text = ValueText(rows[row][key]);
      lines[row + 1].push_back(value.is_number() ? fmt::format("{:>{}}", text, width)
                                                 : fmt::format("{:<{}}", text, width));
    }
  }
  std::string table;
  for (const std::vector<std::string>& line : lines) {
    const std::string text = fmt::format("{}", fmt::join(line, "  "));
    table += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  }
  return table;
}

}  // namespace

std::string FormatInspection(const nlohmann::ordered_json& description, int max_rows) {
  std::string text;
  for (const auto& [key, value] : description.items()) {
    if (key != "rows") {
      text += fmt::format("{:<20} {}\n", Printable(key), ValueText(value));
    }
  }
  const Json& rows = description["rows"];
  const size_t count = max_rows == 0 ? rows.size() : std::min<size_t>(rows.size(), max_rows);
  if (count > 0) {
    text += "\n" + FormatTable(rows, count);
  }
  if (count < rows.size()) {
    text += fmt::format("... and {} more: --rows 0 prints all\n", rows.size() - count);
  }
  return text;
}

}  // namespace reel3d
