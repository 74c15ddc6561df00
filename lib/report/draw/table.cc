// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/table.h"

#include <fmt/format.h>

#include <cmath>

#include "lib/report/draw/number_text.h"
#include "lib/report/draw/text.h"

namespace reel3d::report {
namespace {

const Cell kUnknown = {Json(), "\xE2\x80\x93"};

std::string CellHtml(const Cell& cell, const Column& column, bool is_first) {
  const char* const element = is_first ? "th scope=\"row\"" : "td";
  const char* const end = is_first ? "th" : "td";
  if (!column.is_number) {
    return fmt::format("<{}>{}</{}>", element, IsolatedHtml(cell.text), end);
  }
  const std::string value = cell.value.is_null() ? "" : cell.value.dump();
  return fmt::format("<{} class=\"n\" data-v=\"{}\">{}</{}>", element, EscapeMarkup(value),
                     EscapeMarkup(cell.text), end);
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

Cell PercentCell(std::optional<double> share) {
  return share ? Cell{*share, Percent(*share)} : kUnknown;
}

Cell NumberCell(std::optional<double> number) {
  return number ? Cell{*number, Short(*number)} : kUnknown;
}

Cell CountCell(std::optional<double> count) {
  if (!count || std::abs(*count) > 1e15) {
    return kUnknown;
  }
  const int64_t whole = std::llround(*count);
  return {whole, Grouped(whole)};
}

std::string TableHtml(const Table& table) {
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{0}\"><table>"
      "<caption>{0}</caption><thead><tr>",
      EscapeMarkup(table.title));
  for (const Column& column : table.columns) {
    html += fmt::format("<th scope=\"col\"{}>{}</th>", column.is_number ? " class=\"n\"" : "",
                        IsolatedHtml(column.name));
  }
  html += "</tr></thead><tbody>\n";
  const std::vector<size_t> shown = ShownRows(table);
  for (const size_t index : shown) {
    const Row& row = table.rows[index];
    html += row.is_marked ? "<tr class=\"marked\">" : "<tr>";
    for (size_t column = 0; column < table.columns.size(); ++column) {
      html += CellHtml(row.cells[column], table.columns[column], column == 0);
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
