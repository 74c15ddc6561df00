// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib/report/draw/line_chart.h"
#include "lib/report/sections/sections.h"
#include "lib/report/sections/series.h"

namespace reel3d::report {
namespace {

// Describes a chart over epochs of one or two keys of metrics.jsonl.
struct Curve {
  const char* id;
  const char* title;
  const char* y_name;
  const char* training;    // key
  const char* validation;  // key, drawn dashed; null: none
  Scale scale;
};

constexpr Curve kCurves[] = {
    {"loss", "Loss", "loss", "train_loss", "validation_loss", Scale::kLinear},
    {"clip_top1", "Clip accuracy, top-1", "right clips, %", "train_top1", "validation_top1",
     Scale::kPercent},
    {"clip_top5", "Clip accuracy, top-5", "right clips, %", "train_top5", "validation_top5",
     Scale::kPercent},
    {"learning_rate", "Learning rate", "learning rate", "lr", nullptr, Scale::kLinear},
};

std::vector<ChartLine> LinesOf(const std::vector<RunRecord>& runs, const Curve& curve) {
  std::vector<ChartLine> lines;
  for (size_t run = 0; run < runs.size(); ++run) {
    const std::string before = runs.size() > 1 ? runs[run].name + ", " : "";
    const int color = static_cast<int>(run);
    if (curve.validation == nullptr) {
      lines.push_back({runs[run].name, color, false, SeriesOf(runs[run].epochs, curve.training)});
      continue;
    }
    lines.push_back(
        {before + "training", color, false, SeriesOf(runs[run].epochs, curve.training)});
    lines.push_back(
        {before + "validation", color, true, SeriesOf(runs[run].epochs, curve.validation)});
  }
  return lines;
}

// Returns kLog for learning rates that are positive and span more than a factor of 50; else the
// curve's own scale.
Scale ScaleOf(const Curve& curve, const std::vector<ChartLine>& lines) {
  double low = 1e300;
  double high = 0;
  for (const ChartLine& line : lines) {
    for (const Point& point : line.points) {
      low = std::min(low, point.y);
      high = std::max(high, point.y);
    }
  }
  const bool is_rate = curve.validation == nullptr;
  return is_rate && low > 0 && high > 50 * low ? Scale::kLog : curve.scale;
}

}  // namespace

Content MakeCurves(const std::vector<RunRecord>& runs) {
  Content content;
  std::vector<Figure> figures;
  for (const Curve& curve : kCurves) {
    LineChart chart;
    chart.x_name = "epoch";
    chart.y_name = curve.y_name;
    chart.lines = LinesOf(runs, curve);
    chart.y_scale = ScaleOf(curve, chart.lines);
    chart.y_from_zero = chart.y_scale == Scale::kLinear;
    if (HasPoints(chart)) {
      figures.push_back(ChartFigure(curve.id, curve.title, chart));
    }
  }
  if (figures.empty()) {
    content.AddText("There are no curves, because no run has lines in train/metrics.jsonl.");
    return content;
  }
  content.AddText(
      "Lines are of training, dashed lines of validation, as in figures 2 and 3 of Hara, Kataoka, "
      "Satoh 2017. Training accuracy is measured on the random clips of the epoch, while the "
      "network changes.",
      "note");
  content.AddFigures(figures);
  return content;
}

}  // namespace reel3d::report
