// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/inspection_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "lib/base/plural.h"
#include "lib/base/visible_text.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

// Indents all lines after the first.
std::string Indented(const std::string& text) {
  std::string indented;
  for (const char byte : text) {
    indented += byte == '\n' ? "\n" + std::string(21, ' ') : std::string(1, byte);
  }
  return EscapedLines(indented);
}

bool IsPlain(const Json& value) { return !value.is_array() && !value.is_object(); }

std::string ValueText(const Json& value) {
  if (value.is_string()) {
    return Indented(value.get<std::string>());
  }
  if (!value.is_array() || !std::all_of(value.begin(), value.end(), IsPlain)) {
    return Escaped(value.dump());
  }
  std::string text;
  for (const Json& element : value) {
    text += (text.empty() ? "" : ", ") + ValueText(element);
  }
  return text;
}

// Returns whether `value` is a list of objects with the same plain fields, which a table shows.
bool IsTable(const Json& value) {
  return value.is_array() && !value.empty() && value[0].is_object() &&
         std::all_of(value.begin(), value.end(), [&](const Json& row) {
           return row.is_object() && row.size() == value[0].size() &&
                  std::all_of(row.items().begin(), row.items().end(), [&](const auto& field) {
                    return value[0].contains(field.key()) && IsPlain(field.value());
                  });
         });
}

std::string FormatTable(const Json& rows, size_t first, size_t count) {
  std::vector<std::vector<std::string>> lines(count + 1);
  for (const auto& [key, value] : rows[0].items()) {
    size_t width = key.size();
    for (size_t row = 0; row < count; ++row) {
      width = std::max(width, ValueText(rows[first + row][key]).size());
    }
    lines[0].push_back(fmt::format("{:<{}}", key, width));
    for (size_t row = 0; row < count; ++row) {
      const std::string text = ValueText(rows[first + row][key]);
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

size_t ShownRows(const Json& rows, int max_rows) {
  return max_rows == 0 ? rows.size() : std::min<size_t>(rows.size(), max_rows);
}

// Returns the first `max_rows` rows, and how many more there are.
std::string FormatRows(const Json& rows, int max_rows) {
  const size_t count = ShownRows(rows, max_rows);
  std::string text = count > 0 ? FormatTable(rows, 0, count) : "";
  if (count < rows.size()) {
    text += fmt::format("... and {} more: --rows 0 prints all\n", rows.size() - count);
  }
  return text;
}

// Returns how many earlier rows there are, and the last `max_rows` rows. `status` of the jobs
// prints this text, too, so the text names the tool.
std::string FormatLastRows(const Json& rows, int max_rows) {
  const size_t count = ShownRows(rows, max_rows);
  const size_t num_earlier = rows.size() - count;
  const std::string table = count > 0 ? FormatTable(rows, num_earlier, count) : "";
  return num_earlier == 0
             ? table
             : fmt::format("{}: inspect-file --rows 0 prints all\n{}",
                           Count(static_cast<int64_t>(num_earlier), "earlier one"), table);
}

// Returns a line for each value of `object`. A value of an object within it is named "outer inner".
std::string FormatValues(const Json& object, const std::string& prefix) {
  std::string text;
  for (const auto& [key, value] : object.items()) {
    const std::string name = prefix + key;
    if (value.is_object()) {
      text += FormatValues(value, name + " ");
    } else if (!IsTable(value) && !(prefix.empty() && key == "rows")) {
      text += fmt::format("{:<20} {}\n", Escaped(name), ValueText(value));
    }
  }
  return text;
}

}  // namespace

std::string FormatInspection(const Json& description, int max_rows) {
  std::string text = FormatValues(description, "");
  for (const auto& [key, value] : description.items()) {
    if (key != "rows" && IsTable(value)) {
      text += fmt::format("\n{}:\n{}", Escaped(key), FormatRows(value, max_rows));
    }
  }
  const Json& found = description["rows"];
  const std::string rows = description["kind"] == kKindInTime ? FormatLastRows(found, max_rows)
                                                              : FormatRows(found, max_rows);
  return text + (rows.empty() || found.empty() ? "" : "\n") + rows;
}

}  // namespace reel3d
