// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lib/report/draw/heat_map.h"
#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

// Returns the cells as a table: those off the diagonal first, then by falling count.
Table TableOf(const EvaluationRecord& evaluation, const std::string& title) {
  std::vector<HeatCell> cells = evaluation.confusion;
  std::stable_sort(cells.begin(), cells.end(), [](const HeatCell& a, const HeatCell& b) {
    const bool a_right = a.row == a.column;
    const bool b_right = b.row == b.column;
    return a_right != b_right ? b_right : a.count > b.count;
  });
  std::vector<int64_t> sums(evaluation.names.size());
  for (const HeatCell& cell : cells) {
    sums[cell.row] += cell.count;
  }
  Table table;
  table.title = title;
  table.columns = {{"class"}, {"taken for"}, {"videos", true}, {"share of the class", true}};
  for (const HeatCell& cell : cells) {
    const auto count = static_cast<double>(cell.count);
    table.rows.push_back(
        {{TextCell(evaluation.names[cell.row]), TextCell(evaluation.names[cell.column]),
          CountCell(count), PercentCell(count / static_cast<double>(sums[cell.row]))}});
  }
  return table;
}

std::string AltOf(const EvaluationRecord& evaluation) {
  int64_t total = 0;
  int64_t right = 0;
  for (const HeatCell& cell : evaluation.confusion) {
    total += cell.count;
    right += cell.row == cell.column ? cell.count : 0;
  }
  return fmt::format(
      "Confusion of {} classes: {} of {} videos are on the diagonal, which means "
      "that their class is right.",
      evaluation.names.size(), right, total);
}

Figure FigureOf(const std::vector<RunRecord>& runs, size_t run) {
  const EvaluationRecord& evaluation = runs[run].evaluation;
  Figure figure;
  figure.id = IdFor("confusion", runs, run);
  figure.title = "Confusion" + ForRun(runs, runs[run]);
  figure.alt = AltOf(evaluation);
  figure.note = evaluation.names.size() > kMostNamed
                    ? "The numbers are those of the lines in classes.txt, from 0. The table has "
                      "names: the most confused pairs first."
                    : "Each cell has the number of videos.";
  figure.drawing =
      DrawHeatMap({"true class", "predicted class", evaluation.names, evaluation.confusion});
  figure.table = TableOf(evaluation, figure.title);
  figure.table.first_rows_only = true;
  figure.table.most_rows = 400;
  return figure;
}

}  // namespace

Content MakeConfusion(const std::vector<RunRecord>& runs) {
  Content content;
  std::vector<Figure> figures;
  for (size_t run = 0; run < runs.size(); ++run) {
    if (runs[run].evaluation.confusion.empty()) {
      content.AddText(runs[run].name +
                      " has no confusions: evaluation/confusion.tsv is missing or "
                      "empty.");
    } else {
      figures.push_back(FigureOf(runs, run));
    }
  }
  content.AddFigures(figures);
  return content;
}

}  // namespace reel3d::report
