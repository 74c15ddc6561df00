// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lib/report/sections/sections.h"
#include "lib/report/sections/series.h"

namespace reel3d::report {
namespace {

// Returns (x, y) of the objects of a list that have both as numbers, by rising x. Bins without
// videos have no point.
std::vector<Point> PointsOf(const Json& list, const char* x, const char* y) {
  std::vector<Point> points;
  if (!list.is_array()) {
    return points;
  }
  for (const Json& entry : list) {
    const auto place = NumberOf(entry, x);
    const auto value = NumberOf(entry, y);
    if (place && value && NumberOf(entry, "num_videos").value_or(1) > 0) {
      points.push_back({*place, *value});
    }
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const Point& a, const Point& b) { return a.x < b.x; });
  return points;
}

// Describes a list of figures.json.
struct Lines {
  const char* id;
  const char* title;
  const char* path;  // of the list in figures.json
  const char *x, *y;
  const char *x_name, *y_name;
  const char* note;
  bool has_diagonal;
};

constexpr Lines kLines[] = {
    {"reliability", "Right answers by confidence", "/calibration/as_scored/bins", "mean_confidence",
     "accuracy", "mean confidence", "right videos, %",
     "A network that is as right as it is sure lies on the dashed diagonal. Below it answers are "
     "too sure.",
     true},
    {"risk_coverage", "Right answers if only sure ones are given", "/abstention/risk_coverage",
     "coverage", "precision", "share of the videos that are answered", "right answers, %",
     "The surest answers come first. evaluate-scores --precision chooses the confidence from which "
     "to answer.",
     false},
};

}  // namespace

Content MakeConfidence(const std::vector<RunRecord>& runs) {
  Content content;
  std::vector<Figure> figures;
  for (const Lines& lines : kLines) {
    LineChart chart;
    chart.x_name = lines.x_name;
    chart.y_name = lines.y_name;
    chart.x_scale = Scale::kPercent;
    chart.y_scale = Scale::kPercent;
    chart.has_diagonal = lines.has_diagonal;
    for (size_t run = 0; run < runs.size(); ++run) {
      const Json& measured = runs[run].evaluation.figures;
      const Json::json_pointer path(lines.path);
      const Json list = measured.contains(path) ? measured.at(path) : Json::array();
      chart.lines.push_back(
          {runs[run].name, static_cast<int>(run), false, PointsOf(list, lines.x, lines.y)});
    }
    if (HasPoints(chart)) {
      figures.push_back(ChartFigure(lines.id, lines.title, chart));
      figures.back().note = lines.note;
    }
  }
  if (figures.empty()) {
    content.AddText(
        "How sure the answers are is not known: no run has calibration in "
        "evaluation/figures.json.");
    return content;
  }
  content.AddFigures(figures);
  return content;
}

}  // namespace reel3d::report
