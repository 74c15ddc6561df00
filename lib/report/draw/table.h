// A table of the report: HTML for readers, JSON for programs. A cell has the exact value and the
// text that is shown. Both are in the HTML, so that a script can sort and a program can read back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace reel3d::report {

using Json = nlohmann::ordered_json;

struct Cell {
  Json value;                   // a number, a text, or null if it is not known
  std::string text;             // not escaped
  bool takes_decimals = false;  // shown with as many decimals as the numbers above and below it
  bool is_figure = false;       // a text of numbers and units, which are kept together
};

Cell TextCell(const std::string& text);
// Holds numbers with their units, such as an interval, which are shown untorn (draw/untorn.h).
Cell FigureCell(const std::string& text);
// These show "–" if there is no value.
Cell PercentCell(std::optional<double> share);
Cell NumberCell(std::optional<double> number);
Cell CountCell(std::optional<double> count);
// Shows tenths of a second, without the unit.
Cell SecondsCell(std::optional<double> seconds);
// Shows four decimals, and tiny values as "< 0.0001".
Cell PValueCell(std::optional<double> p);

struct Column {
  std::string name;
  bool is_number = false;
};

struct Row {
  std::vector<Cell> cells;  // one for each column
  bool is_marked = false;   // shown bold
};

struct Table {
  std::string title;  // for screen readers
  std::vector<Column> columns;
  std::vector<Row> rows;
  // HTML shows at most this many rows: the first ones, or rows spread evenly. If rows are left out,
  // a note says how many of how many are shown. JSON has all rows.
  size_t most_rows = 500;
  bool first_rows_only = false;
};

// Returns the table in a box that scrolls if the screen is too narrow.
std::string TableHtml(const Table& table);

// Returns {"columns": [...], "rows": [[...]]} with the exact values.
Json TableJson(const Table& table);

}  // namespace reel3d::report
