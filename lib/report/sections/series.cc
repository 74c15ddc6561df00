// SPDX-License-Identifier: Apache-2.0
#include "lib/report/sections/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib/report/draw/number_text.h"

namespace reel3d::report {
namespace {

Table TableOf(const LineChart& chart, const std::string& title) {
  Table table;
  table.title = title;
  table.columns = {{chart.x_name, true}};
  std::map<double, std::vector<Cell>> rows;
  for (size_t line = 0; line < chart.lines.size(); ++line) {
    // The name of the only run says nothing about the numbers.
    table.columns.push_back(
        {chart.lines.size() == 1 ? chart.y_name : chart.lines[line].name, true});
    for (const Point& point : chart.lines[line].points) {
      std::vector<Cell>& cells = rows[point.x];
      cells.resize(chart.lines.size(), NumberCell({}));
      cells[line] = chart.y_scale == Scale::kPercent ? PercentCell(point.y) : NumberCell(point.y);
    }
  }
  for (auto& [x, cells] : rows) {
    Row row;
    row.cells.push_back(chart.x_scale == Scale::kPercent ? PercentCell(x) : NumberCell(x));
    row.cells.insert(row.cells.end(), cells.begin(), cells.end());
    table.rows.push_back(std::move(row));
  }
  return table;
}

// Returns a sentence with the first and the last value of each line.
std::string AltOf(const LineChart& chart, const std::string& title) {
  std::string alt = title + " by " + chart.x_name + ".";
  for (const ChartLine& line : chart.lines) {
    if (!line.points.empty()) {
      const auto text = [&](const Point& point) {
        return chart.y_scale == Scale::kPercent ? Percent(point.y) : Short(point.y);
      };
      alt += fmt::format(" {}: {} at first, {} at last.", line.name, text(line.points.front()),
                         text(line.points.back()));
    }
  }
  return alt;
}

}  // namespace

std::vector<Point> SeriesOf(const std::vector<Json>& rows, const char* key) {
  std::vector<Point> points;
  for (const Json& row : rows) {
    const auto epoch = NumberOf(row, "epoch");
    const auto value = NumberOf(row, key);
    if (epoch && value) {
      points.push_back({*epoch, *value});
    }
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const Point& a, const Point& b) { return a.x < b.x; });
  return points;
}

Figure ChartFigure(const std::string& id, const std::string& title, const LineChart& chart) {
  Figure figure;
  figure.id = id;
  figure.title = title;
  figure.alt = AltOf(chart, title);
  figure.drawing = DrawLineChart(chart);
  figure.table = TableOf(chart, title);
  return figure;
}

}  // namespace reel3d::report
