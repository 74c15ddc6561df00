// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

constexpr size_t kMostMistakes = 50;

Table TableOf(const RunRecord& run, const std::string& title) {
  Table table;
  table.title = title;
  table.columns = {{"video"},
                   {"label"},
                   {"predicted"},
                   {"score of the prediction", true},
                   {"classes before the label", true}};
  const std::vector<Mistake>& mistakes = run.evaluation.mistakes;
  for (size_t index = 0; index < std::min(kMostMistakes, mistakes.size()); ++index) {
    const Mistake& mistake = mistakes[index];
    table.rows.push_back(
        {{TextCell(mistake.id), TextCell(mistake.label), TextCell(mistake.predicted),
          NumberCell(mistake.score), CountCell(mistake.rank)}});
  }
  return table;
}

}  // namespace

Content MakeMistakes(const std::vector<RunRecord>& runs) {
  Content content;
  content.AddText("Look at these videos first: a label may be wrong, or two classes may be one.",
                  "note");
  for (size_t run = 0; run < runs.size(); ++run) {
    const size_t count = runs[run].evaluation.mistakes.size();
    if (count == 0) {
      content.AddText(runs[run].name + ": no mistake is known.");
      continue;
    }
    content.AddTable(
        IdFor("mistakes", runs, run),
        TableOf(runs[run], fmt::format("{}: the {} most confident of {} mistakes", runs[run].name,
                                       std::min(kMostMistakes, count), count)));
  }
  content.AddText("evaluation/predictions.tsv has every video.", "note");
  return content;
}

}  // namespace reel3d::report
