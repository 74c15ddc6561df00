// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib/report/draw/bar_chart.h"
#include "lib/report/draw/number_text.h"
#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

constexpr size_t kMostBars = 30;

using ByRun = std::vector<const ClassResult*>;  // null: the run has no videos of the class

struct ClassRow {
  std::string name;
  ByRun results;
  double Mean() const {
    double sum = 0;
    int count = 0;
    for (const ClassResult* result : results) {
      sum += result != nullptr ? result->top1 : 0;
      count += result != nullptr ? 1 : 0;
    }
    return count == 0 ? 0 : sum / count;
  }
};

// Returns the classes of all runs, the worst first.
std::vector<ClassRow> RowsOf(const std::vector<RunRecord>& runs) {
  std::map<std::string, ByRun> by_name;
  for (size_t run = 0; run < runs.size(); ++run) {
    for (const ClassResult& result : runs[run].evaluation.classes) {
      ByRun& results = by_name[result.name];
      results.resize(runs.size());
      results[run] = &result;
    }
  }
  std::vector<ClassRow> rows;
  for (auto& [name, results] : by_name) {
    rows.push_back({name, results});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ClassRow& a, const ClassRow& b) { return a.Mean() < b.Mean(); });
  return rows;
}

Table TableOf(const std::vector<RunRecord>& runs, const std::vector<ClassRow>& rows) {
  Table table;
  table.title = "Accuracy by class";
  table.columns = {{"class"}};
  for (const RunRecord& run : runs) {
    const std::string before = runs.size() > 1 ? run.name + ": " : "";
    for (const char* column : {"videos", "top-1", "from", "to", "top-5"}) {
      table.columns.push_back({before + column, true});
    }
  }
  for (const ClassRow& row : rows) {
    Row cells;
    cells.cells.push_back(TextCell(row.name));
    for (const ClassResult* result : row.results) {
      if (result == nullptr) {
        cells.cells.insert(cells.cells.end(), 5, NumberCell({}));
        continue;
      }
      cells.cells.push_back(CountCell(static_cast<double>(result->num_videos)));
      for (const double share : {result->top1, result->low, result->high, result->top5}) {
        cells.cells.push_back(PercentCell(share));
      }
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

BarChart ClassChart(const std::vector<RunRecord>& runs, const std::vector<ClassRow>& rows) {
  BarChart chart;
  chart.x_name = "right videos (top-1), %";
  for (const RunRecord& run : runs) {
    chart.series.push_back(run.name);
  }
  for (size_t index = 0; index < std::min(rows.size(), kMostBars); ++index) {
    BarGroup group;
    group.name = rows[index].name;
    for (const ClassResult* result : rows[index].results) {
      group.bars.push_back(result == nullptr ? std::optional<Bar>()
                                             : Bar{result->top1, result->low, result->high});
    }
    chart.groups.push_back(std::move(group));
  }
  return chart;
}

}  // namespace

Content MakeClasses(const std::vector<RunRecord>& runs) {
  Content content;
  const std::vector<ClassRow> rows = RowsOf(runs);
  if (rows.empty()) {
    content.AddText(
        "The accuracy of single classes is not known: no run has per_class in "
        "evaluation/metrics.json.");
    return content;
  }
  Figure figure;
  figure.id = "classes";
  const bool all = rows.size() <= kMostBars;
  figure.title =
      all ? "Right videos of each class" : fmt::format("The {} worst classes", kMostBars);
  figure.alt = fmt::format(
      "Top-1 accuracy of {} classes, the worst first. The worst is {} with {}, "
      "the best {} with {}.",
      rows.size(), rows.front().name, Percent(rows.front().Mean()), rows.back().name,
      Percent(rows.back().Mean()));
  figure.note = fmt::format(
      "Whiskers are Wilson's 95 % intervals. Few videos make long ones: of 20 "
      "classes, about one lies outside its interval by chance.{}",
      all ? "" : fmt::format(" The table has all {} classes.", rows.size()));
  figure.drawing = DrawBarChart(ClassChart(runs, rows));
  figure.table = TableOf(runs, rows);
  figure.table.most_rows = 2000;
  content.AddFigures({figure});
  return content;
}

}  // namespace reel3d::report
