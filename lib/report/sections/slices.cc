// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

std::optional<double> IntervalEnd(const Json& slice, size_t end) {
  const Json interval = slice.value("top1_interval_95", Json::array());
  if (!interval.is_array() || interval.size() != 2 || !interval[end].is_number()) {
    return std::nullopt;
  }
  return interval[end].get<double>();
}

Table SlicesTable(const Json& slices, const std::string& title) {
  Table table;
  table.title = title;
  table.columns = {{"property"},   {"value"},    {"videos", true},    {"top-1", true},
                   {"from", true}, {"to", true}, {"adjusted p", true}};
  for (const Json& slice : slices) {
    if (slice.is_object() && NumberOf(slice, "top1")) {
      const auto stands_out = slice.find("stands_out");
      table.rows.push_back(
          {{TextCell(TextOf(slice, "column")), TextCell(TextOf(slice, "value")),
            CountCell(NumberOf(slice, "num_videos")), PercentCell(NumberOf(slice, "top1")),
            PercentCell(IntervalEnd(slice, 0)), PercentCell(IntervalEnd(slice, 1)),
            PValueCell(NumberOf(slice, "adjusted_p_value"))},
           stands_out != slice.end() && *stands_out == true});
    }
  }
  return table;
}

// Says how many parts stand out. `name`: of the run, or "" if there is only one.
std::string Verdict(int64_t num_marked, size_t num_parts, const std::string& name) {
  const std::string before = name.empty() ? "" : name + ": ";
  const std::string test = fmt::format(
      " by more than chance. The test is exact and corrected for the number of parts, {}.",
      num_parts);
  if (num_marked == 0) {
    return before + "No part differs from the mean" + test;
  }
  return before +
         (num_marked == 1 ? "The bold part differs"
                          : fmt::format("The {} bold parts differ", num_marked)) +
         " from the mean" + test;
}

}  // namespace

Content MakeSlices(const std::vector<RunRecord>& runs) {
  Content content;
  for (size_t run = 0; run < runs.size(); ++run) {
    const Json& metrics = runs[run].evaluation.metrics;
    const auto slices = metrics.find("slices");
    const std::string title = "Accuracy by parts of the videos" + ForRun(runs, runs[run]);
    const Table table =
        slices != metrics.end() && slices->is_array() ? SlicesTable(*slices, title) : Table();
    if (table.rows.empty()) {
      content.AddText(fmt::format(
          "{} has no slices: evaluate-scores --slices TABLE.tsv cuts the videos by any property.",
          runs[run].name));
      continue;
    }
    const auto marked = std::count_if(table.rows.begin(), table.rows.end(),
                                      [](const Row& row) { return row.is_marked; });
    content.AddText(Verdict(marked, table.rows.size(), runs.size() > 1 ? runs[run].name : ""));
    content.AddTable(IdFor("slices", runs, run), table);
  }
  return content;
}

}  // namespace reel3d::report
