// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/stacked_bars.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "lib/report/draw/axis.h"
#include "lib/report/draw/number_text.h"
#include "lib/report/draw/style.h"
#include "lib/report/draw/text.h"

namespace reel3d::report {
namespace {

constexpr double kStackTop = 6, kStackRight = 24, kBar = 16, kStackGap = 6;
constexpr int kMostStackLabelColumns = 16;

double LongestOf(const StackedBars& chart) {
  double longest = 0;
  for (const StackedBar& bar : chart.bars) {
    longest = std::max(longest, std::accumulate(bar.parts.begin(), bar.parts.end(), 0.0));
  }
  return longest;
}

double LeftOf(const StackedBars& chart) {
  int columns = 0;
  for (const StackedBar& bar : chart.bars) {
    columns = std::max(columns, WidthOf(bar.name));
  }
  return 16 + kLabelColumnWidth * std::min(columns, kMostStackLabelColumns);
}

void DrawLegend(const StackedBars& chart, double top, Svg* svg) {
  for (size_t series = 0; series < chart.series.size(); ++series) {
    const double y = top + kLegendRowHeight * static_cast<double>(series);
    svg->Rect(14, y, 26, 10, ColorClass(static_cast<int>(series)) + " bar");
    svg->Text(47, y + 10, "start", Shortened(chart.series[series], 40), "", chart.series[series]);
  }
}

}  // namespace

Drawing DrawStackedBars(const StackedBars& chart) {
  const double left = LeftOf(chart);
  const double width = kChartWidth - left - kStackRight;
  const double bottom = kStackTop + (kBar + kStackGap) * static_cast<double>(chart.bars.size());
  const Axis axis(Scale::kLinear, 0, std::max(LongestOf(chart), 1e-9), 5);
  Svg svg;
  for (const Tick& tick : axis.ticks()) {
    const double x = left + width * axis.PlaceOf(tick.value);
    svg.Line(x, kStackTop, x, bottom, "grid");
    svg.Text(x, bottom + 15, "middle", tick.label, "tick");
  }
  svg.Text(left + width / 2, bottom + 32, "middle", chart.x_name);
  double top = kStackTop + kStackGap / 2;
  for (const StackedBar& bar : chart.bars) {
    svg.Text(left - 6, top + kBar - 4, "end", Shortened(bar.name, kMostStackLabelColumns), "",
             bar.name);
    double sum = 0;
    for (size_t series = 0; series < bar.parts.size(); ++series) {
      const double x = left + width * axis.PlaceOf(sum);
      sum += bar.parts[series];
      const double end = left + width * axis.PlaceOf(sum);
      svg.Rect(x, top, end - x, kBar, ColorClass(static_cast<int>(series)) + " bar",
               fmt::format("{}: {} {}", bar.name, chart.series[series], Short(bar.parts[series])));
    }
    top += kBar + kStackGap;
  }
  DrawLegend(chart, bottom + 46, &svg);
  return {bottom + 46 + kLegendRowHeight * static_cast<double>(chart.series.size()), svg.text()};
}

}  // namespace reel3d::report
