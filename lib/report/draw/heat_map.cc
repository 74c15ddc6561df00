// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/heat_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "lib/report/draw/number_text.h"
#include "lib/report/draw/style.h"
#include "lib/report/draw/text.h"

namespace reel3d::report {
namespace {

// The largest share of each shade but the last.
constexpr std::array<double, kNumShades - 1> kUpTo = {0.05, 0.1, 0.25, 0.5, 0.75};
constexpr int kMostColumns = 16;
constexpr double kRightEdge = 12, kNameWidth = 7.6;

std::vector<int64_t> RowSums(const HeatMap& map) {
  std::vector<int64_t> sums(map.names.size());
  for (const HeatCell& cell : map.cells) {
    sums[cell.row] += cell.count;
  }
  return sums;
}

double ShareOf(const HeatCell& cell, const std::vector<int64_t>& sums) {
  return static_cast<double>(cell.count) /
         static_cast<double>(std::max<int64_t>(1, sums[cell.row]));
}

Drawing DrawNamed(const HeatMap& map) {
  const std::vector<int64_t> sums = RowSums(map);
  int columns = 4;
  for (const std::string& name : map.names) {
    columns = std::max(columns, std::min(kMostColumns, WidthOf(name)));
  }
  const double left = 32 + columns * kNameWidth;
  // Slanted names reach to the right of their column.
  const double slant = columns * kNameWidth * 0.75;
  const auto count = static_cast<double>(map.names.size());
  const double side = std::min(40.0, (kChartWidth - left - slant) / count);
  const double top = 10 + slant + 18;
  Svg svg;
  for (size_t index = 0; index < map.names.size(); ++index) {
    const double middle = (static_cast<double>(index) + 0.5) * side;
    const std::string name = Shortened(map.names[index], kMostColumns);
    svg.Text(left - 6, top + middle + 4, "end", name, "", map.names[index]);
    svg.Raw(fmt::format("<g transform=\"translate({:.1f} {:.1f}) rotate(-45)\">", left + middle + 3,
                        top - 6));
    svg.Text(0, 0, "start", name, "", map.names[index]);
    svg.Raw("</g>");
  }
  svg.Rect(left, top, side * count, side * count, "under");
  for (const HeatCell& cell : map.cells) {
    const double x = left + side * static_cast<double>(cell.column);
    const double y = top + side * static_cast<double>(cell.row);
    const int shade = ShadeOf(ShareOf(cell, sums));
    svg.Rect(x, y, side - 1, side - 1, fmt::format("s{}", shade),
             fmt::format("{} {} as {}: {}", map.row_name, map.names[cell.row],
                         map.names[cell.column], cell.count));
    if (side >= 16) {
      svg.Text(x + side / 2, y + side / 2 + 4, "middle", std::to_string(cell.count),
               shade > 3 ? "count on" : "count");
    }
  }
  svg.UprightText(14, top + side * count / 2, map.row_name);
  svg.Text(left + side * count / 2, top + side * count + 18, "middle", map.column_name);
  const double below = top + side * count + 28;
  return {below + DrawShades("of the row, up to", below, &svg), svg.text()};
}

// Returns for each shade the path of its cells, in units of cells. Neighbours in a row join.
std::array<std::string, kNumShades + 1> ShadePaths(const HeatMap& map) {
  const std::vector<int64_t> sums = RowSums(map);
  std::array<std::string, kNumShades + 1> paths;
  for (size_t begin = 0; begin < map.cells.size();) {
    const HeatCell& first = map.cells[begin];
    const int shade = ShadeOf(ShareOf(first, sums));
    size_t end = begin + 1;
    while (end < map.cells.size() && map.cells[end].row == first.row &&
           map.cells[end].column == map.cells[end - 1].column + 1 &&
           ShadeOf(ShareOf(map.cells[end], sums)) == shade) {
      ++end;
    }
    paths[shade] +=
        fmt::format("M{} {}h{}v1h-{}", first.column, first.row, end - begin, end - begin);
    begin = end;
  }
  return paths;
}

// Returns attributes with which the page's script names the cell under the mouse.
std::string NamesForScript(const HeatMap& map) {
  const nlohmann::json names = map.names;
  std::string ends;
  for (int shade = 0; shade < kNumShades; ++shade) {
    ends += fmt::format("{}{:.0f}", shade == 0 ? "" : " ",
                        shade + 1 < kNumShades ? 100 * kUpTo[shade] : 100.0);
  }
  using Json = nlohmann::json;
  return fmt::format("data-row=\"{}\" data-column=\"{}\" data-up-to=\"{}\" data-names=\"{}\"",
                     EscapeMarkup(map.row_name), EscapeMarkup(map.column_name), ends,
                     EscapeMarkup(names.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

Drawing DrawMany(const HeatMap& map) {
  constexpr double kLeft = 52, kTop = 8;
  constexpr double kSide = kChartWidth - kLeft - kRightEdge;
  const double scale = kSide / static_cast<double>(map.names.size());
  Svg svg;
  svg.Rect(kLeft, kTop, kSide, kSide, "under");
  svg.Raw(fmt::format("<g transform=\"translate({} {}) scale({:.6f})\" {}>", kLeft, kTop, scale,
                      NamesForScript(map)));
  const auto paths = ShadePaths(map);
  for (int shade = 1; shade <= kNumShades; ++shade) {
    svg.Path(paths[shade], fmt::format("s{}", shade));
  }
  svg.Raw("</g>");
  size_t step = 10;
  while (map.names.size() / step > 10) {
    step *= 5;
  }
  for (size_t index = 0; index < map.names.size(); index += step) {
    const double middle = scale * (static_cast<double>(index) + 0.5);
    svg.Text(kLeft - 6, kTop + middle + 4, "end", std::to_string(index), "tick");
    svg.Text(kLeft + middle, kTop + kSide + 15, "middle", std::to_string(index), "tick");
  }
  svg.Rect(kLeft, kTop, kSide, kSide, "frame");
  svg.UprightText(13, kTop + kSide / 2, map.row_name + " (number in classes.txt)");
  svg.Text(kLeft + kSide / 2, kTop + kSide + 33, "middle", map.column_name);
  const double below = kTop + kSide + 44;
  return {below + DrawShades("of the row, up to", below, &svg), svg.text()};
}

}  // namespace

int ShadeOf(double share) {
  if (!(share > 0)) {
    return 0;
  }
  return 1 + static_cast<int>(std::lower_bound(kUpTo.begin(), kUpTo.end(), share) - kUpTo.begin());
}

double DrawShades(const std::string& words, double top, Svg* svg) {
  svg->Text(14, top + 11, "start", words, "tick");
  for (int shade = 1; shade <= kNumShades; ++shade) {
    const double x = 138 + (shade - 1) * 56;
    svg->Rect(x, top, 14, 14, fmt::format("s{}", shade));
    svg->Text(x + 18, top + 11, "start",
              fmt::format("{:.0f} %", shade < kNumShades ? 100 * kUpTo[shade - 1] : 100.0), "tick");
  }
  return 20;
}

Drawing DrawHeatMap(const HeatMap& map) {
  return map.names.size() <= kMostNamed ? DrawNamed(map) : DrawMany(map);
}

}  // namespace reel3d::report
