// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lib/report/draw/number_text.h"
#include "lib/report/sections/sections.h"
#include "lib/report/sections/series.h"

namespace reel3d::report {
namespace {

const std::vector<Column> kAccuracyColumns = {{"top-1", true},
                                              {"top-5", true},
                                              {"average", true},
                                              {"top-1, missing ignored", true},
                                              {"mean class top-1", true}};

// Returns top-1 of an entry of figures.json; none if it is absent.
std::optional<double> Top1Of(const Json& entry) {
  return entry.is_object() && entry.contains("top1") ? NumberOf(entry["top1"], "missing_wrong")
                                                     : std::nullopt;
}

// Adds the cells of kAccuracyColumns.
void AddAccuracy(const Json& entry, Row* row) {
  const auto share = [&](const char* key, const char* way) {
    return PercentCell(entry.contains(key) ? NumberOf(entry[key], way) : std::nullopt);
  };
  for (const char* key : {"top1", "top5", "average"}) {
    row->cells.push_back(share(key, "missing_wrong"));
  }
  row->cells.push_back(share("top1", "missing_ignored"));
  row->cells.push_back(PercentCell(NumberOf(entry, "mean_class_top1")));
}

const Json& ListOf(const Json& figures, const char* key) {
  static const Json none = Json::array();
  const auto found = figures.find(key);
  return found != figures.end() && found->is_array() ? *found : none;
}

// Returns "2" or "all".
std::string CountText(const Json& entry) {
  const auto count = NumberOf(entry, "windows");
  return count ? fmt::format("{:.0f}", *count) : TextOf(entry, "windows");
}

Table WindowTable(const std::vector<RunRecord>& runs) {
  Table table;
  table.title = "Accuracy by number of windows";
  table.columns = {{"run"}, {"windows"}, {"windows of a video, mean", true}};
  table.columns.insert(table.columns.end(), kAccuracyColumns.begin(), kAccuracyColumns.end());
  table.columns.push_back({"share of the gain", true});
  for (const RunRecord& run : runs) {
    for (const Json& entry : ListOf(run.evaluation.figures, "windows")) {
      if (Top1Of(entry)) {
        Row row;
        row.cells = {TextCell(run.name), TextCell(CountText(entry)),
                     NumberCell(NumberOf(entry, "mean_windows"))};
        AddAccuracy(entry, &row);
        row.cells.push_back(PercentCell(NumberOf(entry, "share_of_gain")));
        table.rows.push_back(std::move(row));
      }
    }
  }
  return table;
}

Table PlaceTable(const std::vector<RunRecord>& runs) {
  Table table;
  table.title = "Accuracy of one window, by its place";
  table.columns = {{"run"}, {"window"}};
  table.columns.insert(table.columns.end(), kAccuracyColumns.begin(), kAccuracyColumns.end());
  for (const RunRecord& run : runs) {
    const auto places = run.evaluation.figures.find("one_window");
    if (places == run.evaluation.figures.end() || !places->is_object()) {
      continue;
    }
    for (const auto& [place, entry] : places->items()) {
      if (Top1Of(entry)) {
        Row row;
        row.cells = {TextCell(run.name), TextCell("the " + place)};
        AddAccuracy(entry, &row);
        table.rows.push_back(std::move(row));
      }
    }
  }
  return table;
}

Table AverageTable(const std::vector<RunRecord>& runs) {
  Table table;
  table.title = "Accuracy by averaging rule";
  table.columns = {{"run"}, {"average"}, {"tail"}};
  table.columns.insert(table.columns.end(), kAccuracyColumns.begin(), kAccuracyColumns.end());
  for (const RunRecord& run : runs) {
    const std::string used = TextOf(run.evaluation.metrics, "averaging");
    for (const Json& entry : ListOf(run.evaluation.figures, "averages")) {
      const bool has_tail = entry.is_object() && entry.contains("tail") && entry["tail"] == true;
      if (Top1Of(entry)) {
        Row row;
        row.cells = {TextCell(run.name), TextCell(TextOf(entry, "averaging")),
                     TextCell(has_tail ? "with" : "without")};
        AddAccuracy(entry, &row);
        row.is_marked = has_tail && TextOf(entry, "averaging") == used;
        table.rows.push_back(std::move(row));
      }
    }
  }
  return table;
}

LineChart WindowsChart(const std::vector<RunRecord>& runs) {
  LineChart chart;
  chart.x_name = "windows of a video, mean";
  chart.y_name = "right videos (top-1), %";
  chart.y_scale = Scale::kPercent;
  for (size_t run = 0; run < runs.size(); ++run) {
    ChartLine line = {runs[run].name, static_cast<int>(run), false, {}};
    for (const Json& entry : ListOf(runs[run].evaluation.figures, "windows")) {
      const auto count = NumberOf(entry, "mean_windows");
      if (const auto top1 = Top1Of(entry); count && top1) {
        line.points.push_back({*count, *top1});
      }
    }
    std::stable_sort(line.points.begin(), line.points.end(),
                     [](const Point& a, const Point& b) { return a.x < b.x; });
    chart.lines.push_back(std::move(line));
  }
  return chart;
}

}  // namespace

Content MakeWindows(const std::vector<RunRecord>& runs) {
  Content content;
  const LineChart chart = WindowsChart(runs);
  if (!HasPoints(chart)) {
    return content;
  }
  Figure figure = ChartFigure("windows", "Accuracy by number of windows", chart);
  figure.note = "Windows are spread evenly over each video. A short video has fewer.";
  figure.table = WindowTable(runs);
  content.AddFigures({figure});
  const Table places = PlaceTable(runs);
  if (!places.rows.empty()) {
    content.AddFoldedTable("one_window", "One window alone: the first, the middle, the last",
                           places);
  }
  const Table averages = AverageTable(runs);
  if (!averages.rows.empty()) {
    content.AddFoldedTable("averages", "Other averaging rules; bold: that of the result", averages);
  }
  return content;
}

}  // namespace reel3d::report
