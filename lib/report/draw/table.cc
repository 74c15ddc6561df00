// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lib/report/draw/number_text.h"
#include "lib/report/draw/text.h"
#include "lib/report/draw/untorn.h"

namespace reel3d::report {
namespace {

const Cell kUnknown = {Json(), "\xE2\x80\x93"};

// Returns the decimals with which the largest number of a column has three digits and the smallest
// one two. Returns nothing if there are no such numbers, or the column would get too many zeros.
std::optional<int> DecimalsOf(const Table& table, size_t column) {
  constexpr double kMost = 1e9;
  constexpr int kMostMore = 3;  // for the small numbers
  double least = kMost, most = 0;
  bool are_whole = true;
  for (const Row& row : table.rows) {
    const Cell& cell = row.cells[column];
    if (cell.takes_decimals) {
      const double size = std::abs(cell.value.get<double>());
      most = std::max(most, size);
      least = size > 0 ? std::min(least, size) : least;
      are_whole = are_whole && size == std::floor(size);
    }
  }
  if (!(most > 0) || most >= kMost || are_whole) {
    return most < kMost && are_whole ? std::optional(0) : std::nullopt;
  }
  const auto place_of = [](double size) { return static_cast<int>(std::floor(std::log10(size))); };
  const int for_most = std::max(0, 2 - place_of(most));
  const int for_least = std::max(0, 1 - place_of(least));
  return for_least > for_most + kMostMore ? std::nullopt
                                          : std::optional(std::max(for_most, for_least));
}

std::string CellHtml(const Cell& cell, const Column& column, bool is_first,
                     std::optional<int> decimals) {
  const char* const element = is_first ? "th scope=\"row\"" : "td";
  const char* const end = is_first ? "th" : "td";
  if (!column.is_number) {
    return fmt::format("<{}{}>{}</{}>", element, cell.is_figure ? " class=\"f\"" : "",
                       IsolatedHtml(cell.text), end);
  }
  const std::string value = cell.value.is_null() ? "" : cell.value.dump();
  const std::string text = cell.takes_decimals && decimals
                               ? fmt::format("{:.{}f}", cell.value.get<double>(), *decimals)
                               : Untorn(cell.text);
  return fmt::format("<{} class=\"n\" data-v=\"{}\">{}</{}>", element, EscapeMarkup(value),
                     EscapeMarkup(text), end);
}

// Returns the indices of the rows that are shown.
std::vector<size_t> ShownRows(const Table& table) {
  const size_t total = table.rows.size();
  const size_t count = std::min(total, table.most_rows);
  std::vector<size_t> shown;
  for (size_t i = 0; i < count; ++i) {
    shown.push_back(table.first_rows_only ? i : (i + 1) * total / count - 1);
  }
  return shown;
}

}  // namespace

Cell TextCell(const std::string& text) { return {text, text}; }

Cell FigureCell(const std::string& text) { return {text, Untorn(text), false, true}; }

Cell PercentCell(std::optional<double> share) {
  return share ? Cell{*share, Percent(*share)} : kUnknown;
}

Cell NumberCell(std::optional<double> number) {
  return number ? Cell{*number, Short(*number), true} : kUnknown;
}

Cell CountCell(std::optional<double> count) {
  if (!count || std::abs(*count) > 1e15) {
    return kUnknown;
  }
  const int64_t whole = std::llround(*count);
  return {whole, Grouped(whole)};
}

Cell SecondsCell(std::optional<double> seconds) {
  return seconds ? Cell{*seconds, fmt::format("{:.1f}", *seconds)} : kUnknown;
}

Cell PValueCell(std::optional<double> p) {
  constexpr double kLeast = 0.0001;
  return p ? Cell{*p, *p < kLeast ? "< 0.0001" : fmt::format("{:.4f}", *p)} : kUnknown;
}

std::string TableHtml(const Table& table) {
  constexpr size_t kMostOnPaper = 14;
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{0}\"><table{1}>"
      "<caption>{0}</caption><thead><tr>",
      EscapeMarkup(Untorn(table.title)),
      table.columns.size() > kMostOnPaper ? " class=\"broad\"" : "");
  for (const Column& column : table.columns) {
    html += fmt::format("<th scope=\"col\"{}>{}</th>", column.is_number ? " class=\"n\"" : "",
                        IsolatedHtml(Untorn(column.name)));
  }
  html += "</tr></thead><tbody>\n";
  const std::vector<size_t> shown = ShownRows(table);
  std::vector<std::optional<int>> decimals;
  for (size_t column = 0; column < table.columns.size(); ++column) {
    decimals.push_back(DecimalsOf(table, column));
  }
  for (const size_t index : shown) {
    const Row& row = table.rows[index];
    html += row.is_marked ? "<tr class=\"marked\">" : "<tr>";
    for (size_t column = 0; column < table.columns.size(); ++column) {
      html += CellHtml(row.cells[column], table.columns[column], column == 0, decimals[column]);
    }
    html += "</tr>\n";
  }
  html += "</tbody></table></div>\n";
  if (shown.size() < table.rows.size()) {
    html += fmt::format("<p class=\"note\">{} of {} rows are shown; --json writes all.</p>\n",
                        shown.size(), table.rows.size());
  }
  return html;
}

Json TableJson(const Table& table) {
  Json columns = Json::array();
  for (const Column& column : table.columns) {
    columns.push_back(column.name);
  }
  Json rows = Json::array();
  for (const Row& row : table.rows) {
    Json values = Json::array();
    for (const Cell& cell : row.cells) {
      values.push_back(cell.value);
    }
    rows.push_back(std::move(values));
  }
  return {{"columns", std::move(columns)}, {"rows", std::move(rows)}};
}

}  // namespace reel3d::report
