// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lib/report/draw/number_text.h"
#include "lib/report/sections/all_figures.h"
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
     "accuracy", "mean confidence, %", "right videos, %",
     "A network that is as right as it is sure lies on the dashed diagonal. Below it answers are "
     "too sure.",
     true},
    {"risk_coverage", "Right answers if only sure ones are given", "/abstention/risk_coverage",
     "coverage", "precision", "videos that are answered, %", "right answers, %",
     "The surest answers come first. evaluate-scores --precision chooses the confidence from which "
     "to answer.",
     false},
};

// Returns the value of this path in figures.json; null if it is absent.
const Json& At(const RunRecord& run, const char* path) {
  static const Json none;
  const Json::json_pointer place(path);
  return run.evaluation.figures.contains(place) ? run.evaluation.figures.at(place) : none;
}

// Returns what evaluate-scores found about the calibration of a run; "" if it is not known.
std::string CalibrationOf(const RunRecord& run) {
  const auto number = [&](const char* path) {
    const Json& value = At(run, path);
    return value.is_number() ? std::optional<double>(value.get<double>()) : std::nullopt;
  };
  const auto sure = number("/calibration/as_scored/mean_confidence");
  const auto right = number("/calibration/as_scored/accuracy");
  const auto ece = number("/calibration/as_scored/ece");
  if (!sure || !right || !ece) {
    return "";
  }
  std::string text =
      fmt::format("{}: {} sure on average, {} right. The calibration error (ECE) is {}.", run.name,
                  Percent(*sure), Percent(*right), Percent(*ece));
  const auto temperature = number("/calibration/temperature");
  const auto before = number("/calibration/other_half_before/ece");
  const auto after = number("/calibration/other_half_after/ece");
  if (temperature && before && after) {
    text += fmt::format(
        " Scores divided by the temperature {}, which one half of the videos chose, change the "
        "error of the other half from {} to {}.",
        Short(*temperature), Percent(*before), Percent(*after));
  }
  return text;
}

// Adds the cells of a point of the curve: threshold, videos answered, share, precision, interval.
void AddPoint(const Json& point, Row* row) {
  const auto interval = IntervalOf(point, "precision_interval_95");
  const auto end = [&](bool is_low) {
    return PercentCell(interval ? std::optional(is_low ? interval->first : interval->second)
                                : std::nullopt);
  };
  row->cells.push_back(PercentCell(NumberOf(point, "threshold")));
  row->cells.push_back(CountCell(NumberOf(point, "num_answered")));
  row->cells.push_back(PercentCell(NumberOf(point, "coverage")));
  row->cells.push_back(PercentCell(NumberOf(point, "precision")));
  row->cells.push_back(end(true));
  row->cells.push_back(end(false));
}

const std::vector<Column> kPointColumns = {{"least confidence", true},
                                           {"videos", true},
                                           {"share", true},
                                           {"right", true},
                                           {"from", true},
                                           {"to", true}};

// Returns the risk-coverage curve with its thresholds and intervals.
Table CoverageTable(const std::vector<RunRecord>& runs) {
  Table table;
  table.columns = {{"run"}};
  table.columns.insert(table.columns.end(), kPointColumns.begin(), kPointColumns.end());
  for (const RunRecord& run : runs) {
    const Json& list = At(run, "/abstention/risk_coverage");
    for (const Json& point : list.is_array() ? list : Json::array()) {
      if (NumberOf(point, "coverage") && NumberOf(point, "precision")) {
        Row row;
        row.cells = {TextCell(run.name)};
        AddPoint(point, &row);
        table.rows.push_back(std::move(row));
      }
    }
  }
  return table;
}

// Returns a table whose second column is the share of right answers that was wanted.
Table WantedTable(const std::string& title) {
  Table table;
  table.title = title;
  table.columns = {{"run"}, {"wanted right", true}};
  table.columns.insert(table.columns.end(), kPointColumns.begin(), kPointColumns.end());
  return table;
}

// Adds the row of an object with `wanted_precision` and, under `key`, the point that was found.
void AddWanted(const RunRecord& run, const Json& entry, const char* key, Table* table) {
  if (entry.is_object() && entry.contains(key) && NumberOf(entry[key], "precision")) {
    Row row;
    row.cells = {TextCell(run.name), PercentCell(NumberOf(entry, "wanted_precision"))};
    AddPoint(entry[key], &row);
    table->rows.push_back(std::move(row));
  }
}

Table ThresholdTable(const std::vector<RunRecord>& runs) {
  Table table = WantedTable("The least confidence for a wanted share of right answers");
  for (const RunRecord& run : runs) {
    const Json& list = At(run, "/abstention/thresholds");
    for (const Json& entry : list.is_array() ? list : Json::array()) {
      AddWanted(run, entry, "answer", &table);
    }
  }
  return table;
}

// Returns the threshold that evaluate-scores --precision chose.
Table JudgedTable(const std::vector<RunRecord>& runs) {
  Table table =
      WantedTable("The threshold of --precision: half of the videos chose it, the others judge it");
  for (const RunRecord& run : runs) {
    AddWanted(run, At(run, "/abstention/held_out"), "judged", &table);
  }
  return table;
}

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
      chart.lines.push_back({runs[run].name, static_cast<int>(run), false,
                             PointsOf(At(runs[run], lines.path), lines.x, lines.y)});
    }
    if (HasPoints(chart)) {
      figures.push_back(ChartFigure(lines.id, lines.title, chart));
      figures.back().note = lines.note;
      if (std::string_view(lines.id) == "risk_coverage") {
        const std::string title = figures.back().table.title;
        figures.back().table = CoverageTable(runs);
        figures.back().table.title = title;
      }
    }
  }
  if (figures.empty()) {
    content.AddText(
        "How sure the answers are is not known: no run has calibration in "
        "evaluation/figures.json.");
    return content;
  }
  for (const RunRecord& run : runs) {
    if (const std::string text = CalibrationOf(run); !text.empty()) {
      content.AddText(text);
    }
  }
  content.AddFigures(figures);
  const Table judged = JudgedTable(runs);
  if (!judged.rows.empty()) {
    content.AddTable("judged_threshold", judged);
  }
  const Table thresholds = ThresholdTable(runs);
  if (!thresholds.rows.empty()) {
    content.AddFoldedTable("thresholds", "From which confidence on to answer", thresholds);
    content.AddText(
        "These thresholds were chosen on the same videos, so they are a little too good; "
        "evaluate-scores --precision judges one on other videos.",
        "note");
  }
  return content;
}

}  // namespace reel3d::report
