// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/line_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "lib/report/draw/number_text.h"
#include "lib/report/draw/style.h"
#include "lib/report/draw/text.h"

namespace reel3d::report {
namespace {

constexpr double kPlotLeft = 72, kPlotRight = 24, kPlotTop = 10, kPlotHeight = 220, kBelow = 40;
constexpr double kPlotWidth = kChartWidth - kPlotLeft - kPlotRight;
constexpr int kMostLegendColumns = 19;  // also of wide letters fit into half of the width
constexpr size_t kMostDots = 80, kMostPoints = 400;

// Holds the smallest and the largest value of the points.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void Add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

struct Frame {
  Axis x, y;
  double X(double value) const { return kPlotLeft + kPlotWidth * x.PlaceOf(value); }
  double Y(double value) const { return kPlotTop + kPlotHeight * (1 - y.PlaceOf(value)); }
};

Frame FrameOf(const LineChart& chart) {
  Range x;
  Range y;
  for (const ChartLine& line : chart.lines) {
    for (const Point& point : line.points) {
      x.Add(point.x);
      y.Add(point.y);
    }
  }
  if (chart.y_from_zero) {
    y.Add(0);
  }
  return {Axis(chart.x_scale, x.low, x.high, 6), Axis(chart.y_scale, y.low, y.high, 5)};
}

std::vector<Point> Thinned(const std::vector<Point>& points) {
  if (points.size() <= kMostPoints) {
    return points;
  }
  std::vector<Point> thinned;
  const size_t num_columns = kMostPoints / 4;
  for (size_t column = 0; column < num_columns; ++column) {
    const size_t begin = column * points.size() / num_columns;
    const size_t end = (column + 1) * points.size() / num_columns;
    const auto by_y = [](const Point& a, const Point& b) { return a.y < b.y; };
    const auto from = points.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto to = points.begin() + static_cast<std::ptrdiff_t>(end);
    const auto [low, high] = std::minmax_element(from, to, by_y);
    thinned.push_back(*from);
    thinned.push_back(*std::min(low, high));
    thinned.push_back(*std::max(low, high));
    thinned.push_back(*(to - 1));
  }
  return thinned;
}

void DrawAxes(const LineChart& chart, const Frame& frame, Svg* svg) {
  const double bottom = kPlotTop + kPlotHeight;
  for (const Tick& tick : frame.y.ticks()) {
    const double y = frame.Y(tick.value);
    svg->Line(kPlotLeft, y, kPlotLeft + kPlotWidth, y, "grid");
    svg->Text(kPlotLeft - 6, y + 4, "end", tick.label, "tick");
  }
  for (const Tick& tick : frame.x.ticks()) {
    const double x = frame.X(tick.value);
    svg->Line(x, bottom, x, bottom + 4, "axis");
    svg->Text(x, bottom + 17, "middle", tick.label, "tick");
  }
  svg->Line(kPlotLeft, bottom, kPlotLeft + kPlotWidth, bottom, "axis");
  svg->Text(kPlotLeft + kPlotWidth / 2, bottom + 34, "middle", chart.x_name);
  svg->UprightText(13, kPlotTop + kPlotHeight / 2, chart.y_name);
}

std::string ValueText(double value, Scale scale) {
  return scale == Scale::kPercent ? Percent(value) : Short(value);
}

void DrawLine(const LineChart& chart, const ChartLine& line, const Frame& frame, Svg* svg) {
  const std::string color = ColorClass(line.color);
  std::string path;
  for (const Point& point : Thinned(line.points)) {
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", frame.X(point.x),
                        frame.Y(point.y));
  }
  if (line.points.size() > 1) {
    svg->Path(path, color + (line.is_dashed ? " line dashed" : " line"));
  }
  const size_t count = line.points.size();
  const size_t num_dots = std::min(count, kMostDots);
  for (size_t dot = 0; dot < num_dots; ++dot) {
    const Point& point = line.points[(dot + 1) * count / num_dots - 1];
    svg->Dot(frame.X(point.x), frame.Y(point.y), color + (count > kMostDots ? " dot hit" : " dot"),
             fmt::format("{}: {} at {} {}", line.name, ValueText(point.y, chart.y_scale),
                         chart.x_name, ValueText(point.x, chart.x_scale)));
  }
}

// Draws the names of the lines below the picture, in two columns, and returns their height. A line
// alone is known from the title.
double DrawLegend(const LineChart& chart, double top, Svg* svg) {
  if (chart.lines.size() == 1) {
    return 0;
  }
  int place = 0;
  for (const ChartLine& line : chart.lines) {
    if (line.points.empty()) {
      continue;
    }
    const int column = place % 2;
    const int row = place / 2;
    const double x = 14 + column * (kChartWidth / 2);
    const double y = top + row * kLegendRowHeight + 8;
    svg->Path(fmt::format("M{:.1f} {:.1f}h26", x, y),
              ColorClass(line.color) + (line.is_dashed ? " line dashed" : " line"));
    svg->Text(x + 33, y + 4, "start", Shortened(line.name, kMostLegendColumns), "", line.name);
    ++place;
  }
  const int num_rows = (place + 1) / 2;
  return num_rows * kLegendRowHeight;
}

}  // namespace

bool HasPoints(const LineChart& chart) {
  return std::any_of(chart.lines.begin(), chart.lines.end(),
                     [](const ChartLine& line) { return !line.points.empty(); });
}

Drawing DrawLineChart(const LineChart& chart) {
  if (!HasPoints(chart)) {
    return {};
  }
  const Frame frame = FrameOf(chart);
  Svg svg;
  DrawAxes(chart, frame, &svg);
  if (chart.has_diagonal) {
    svg.Line(frame.X(0), frame.Y(0), frame.X(1), frame.Y(1), "axis dashed");
  }
  for (const ChartLine& line : chart.lines) {
    DrawLine(chart, line, frame, &svg);
  }
  const double below = kPlotTop + kPlotHeight + kBelow;
  return {below + DrawLegend(chart, below, &svg) + 6, svg.text()};
}

}  // namespace reel3d::report
