// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

Table LadderTable(const Json& rungs, const std::string& title) {
  Table table;
  table.title = title;
  table.columns = {{"change"}, {"top-1", true}, {"difference, points", true}};
  for (const Json& rung : rungs) {
    const auto top1 = NumberOf(rung, "top1");
    if (top1) {
      const auto beside = rung.find("beside");
      const bool is_beside = beside != rung.end() && *beside == true;
      const auto gain = NumberOf(rung, "gain");
      const Cell difference =
          gain ? Cell{*gain, fmt::format("{:+.2f}", 100 * *gain)} : NumberCell({});
      table.rows.push_back({{TextCell((is_beside ? "beside: " : "") + TextOf(rung, "change")),
                             PercentCell(top1), difference},
                            false});
    }
  }
  return table;
}

}  // namespace

Content MakeLadder(const std::vector<RunRecord>& runs) {
  Content content;
  for (size_t run = 0; run < runs.size(); ++run) {
    const Json& figures = runs[run].evaluation.figures;
    const auto rungs = figures.find("ladder");
    const std::string title = "Top-1 after each change" + ForRun(runs, runs[run]);
    const Table table =
        rungs != figures.end() && rungs->is_array() ? LadderTable(*rungs, title) : Table();
    if (table.rows.empty()) {
      content.AddText(runs[run].name + " has no ladder in evaluation/figures.json.");
      continue;
    }
    content.AddText(fmt::format("The same scores{}, read from the strictest way to the most "
                                "generous one: each line changes one thing more. Lines with "
                                "\"beside\" replace one choice. The tail is the last window of a "
                                "video if it is shorter than the others.",
                                ForRun(runs, runs[run])),
                    "note");
    content.AddTable(IdFor("ladder", runs, run), table);
  }
  return content;
}

}  // namespace reel3d::report
