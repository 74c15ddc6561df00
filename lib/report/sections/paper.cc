// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lib/report/read/published.h"
#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

constexpr const char* kTable2 = "Hara 2017 table 2";

Table EmptyTable(const std::string& title) {
  Table table;
  table.title = title;
  table.columns = {{"network"},     {"data"},          {"top-1", true},
                   {"top-5", true}, {"average", true}, {"source"}};
  return table;
}

Row RowOf(const PublishedResult& result) {
  return {{TextCell(result.model), TextCell(result.data_set + ", " + result.subset),
           PercentCell(result.top1), PercentCell(result.top5), PercentCell(result.average),
           TextCell(result.experiment + "; " + result.source)}};
}

// Returns "400 classes, validation", as far as it is known.
std::string ClassesAndSubset(const RunRecord& run) {
  const size_t num_classes = std::max(run.evaluation.names.size(), run.evaluation.classes.size());
  const std::string subset = TextOf(run.evaluation.metrics, "subset");
  return (num_classes == 0 ? "unknown classes" : fmt::format("{} classes", num_classes)) +
         (subset.empty() ? "" : ", " + subset);
}

Row RowOf(const RunRecord& run) {
  const Json& metrics = run.evaluation.metrics;
  return {
      {TextCell(run.name), TextCell(ClassesAndSubset(run)),
       PercentCell(NumberOf(metrics, "video_top1")), PercentCell(NumberOf(metrics, "video_top5")),
       PercentCell(NumberOf(metrics, "video_average")), TextCell("this report")},
      true};
}

}  // namespace

Content MakePaperTable(const std::vector<RunRecord>& runs) {
  Content content;
  Table table = EmptyTable(runs.size() > 1 ? "Table 2 of the paper, with these runs"
                                           : "Table 2 of the paper, with this run");
  Table others = EmptyTable("Other published results");
  for (const RunRecord& run : runs) {
    if (NumberOf(run.evaluation.metrics, "video_top1")) {
      table.rows.push_back(RowOf(run));
    }
  }
  if (table.rows.empty()) {
    content.AddText("No run here has the accuracy of videos: there is no evaluation.");
  }
  for (const PublishedResult& result : PublishedResults()) {
    (result.experiment == kTable2 ? table : others).rows.push_back(RowOf(result));
  }
  content.AddText(
      "The published rows of this table are those of Hara, Kataoka, Satoh 2017 (ICCV-W), on "
      "Kinetics-400 (400 classes, about 240,000 training videos). They compare with a run only if "
      "it was trained and judged on the same videos.",
      "note");
  content.AddTable("table_2", table);
  content.AddFoldedTable("other_published", "Other published results", others);
  return content;
}

}  // namespace reel3d::report
