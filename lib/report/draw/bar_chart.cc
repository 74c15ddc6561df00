// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/bar_chart.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/report/draw/number_text.h"
#include "lib/report/draw/style.h"
#include "lib/report/draw/text.h"

namespace reel3d::report {
namespace {

constexpr double kBarsTop = 6, kBarsRight = 16, kBarsGap = 6, kMostBarLabelColumns = 22;

struct Places {
  double left, width, bar;  // of the plot; height of a bar
  double X(double share) const { return left + width * std::clamp(share, 0.0, 1.0); }
};

void DrawBar(const Bar& bar, const std::string& name, int color, double top, const Places& places,
             Svg* svg) {
  svg->Rect(places.left, top, places.X(bar.share) - places.left, places.bar - 1,
            ColorClass(color) + " bar",
            fmt::format("{}: {} ({} to {})", name, Percent(bar.share), Percent(bar.low),
                        Percent(bar.high)));
  const double middle = top + (places.bar - 1) / 2;
  svg->Line(places.X(bar.low), middle, places.X(bar.high), middle, "whisker");
  for (const double end : {bar.low, bar.high}) {
    svg->Line(places.X(end), middle - 3, places.X(end), middle + 3, "whisker");
  }
}

void DrawScale(const BarChart& chart, const Places& places, double bottom, Svg* svg) {
  for (int tick = 0; tick <= 100; tick += 20) {
    const double x = places.X(tick / 100.0);
    svg->Line(x, kBarsTop, x, bottom, "grid");
    svg->Text(x, bottom + 15, "middle", std::to_string(tick), "tick");
  }
  svg->Text(places.left + places.width / 2, bottom + 32, "middle", chart.x_name);
}

double DrawLegend(const BarChart& chart, double top, Svg* svg) {
  if (chart.series.size() < 2) {
    return 0;
  }
  double y = top;
  for (size_t series = 0; series < chart.series.size(); ++series, y += kLegendRowHeight) {
    svg->Rect(14, y, 26, 10, ColorClass(static_cast<int>(series)) + " bar");
    svg->Text(47, y + 10, "start", Shortened(chart.series[series], 40), "", chart.series[series]);
  }
  return y - top;
}

}  // namespace

Drawing DrawBarChart(const BarChart& chart) {
  const auto num_bars = static_cast<double>(std::max<size_t>(1, chart.series.size()));
  int columns = 0;
  for (const BarGroup& group : chart.groups) {
    columns = std::max(columns, WidthOf(group.name));
  }
  const double left = 10 + kLabelColumnWidth * std::min<double>(columns, kMostBarLabelColumns);
  const Places places = {left, kChartWidth - left - kBarsRight, num_bars > 1 ? 9.0 : 14.0};
  const double row = num_bars * places.bar + kBarsGap;
  const double bottom = kBarsTop + row * static_cast<double>(chart.groups.size());
  Svg svg;
  DrawScale(chart, places, bottom, &svg);
  double top = kBarsTop + kBarsGap / 2;
  for (const BarGroup& group : chart.groups) {
    svg.Text(left - 6, top + (row - kBarsGap) / 2 + 4, "end",
             Shortened(group.name, static_cast<int>(kMostBarLabelColumns)), "", group.name);
    for (size_t series = 0; series < group.bars.size(); ++series) {
      if (group.bars[series]) {
        DrawBar(*group.bars[series], group.name, static_cast<int>(series),
                top + places.bar * static_cast<double>(series), places, &svg);
      }
    }
    top += row;
  }
  return {bottom + 46 + DrawLegend(chart, bottom + 46, &svg), svg.text()};
}

}  // namespace reel3d::report
