// SPDX-License-Identifier: Apache-2.0
#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

Table TableOf(const RunRecord& run) {
  Table table;
  table.title = "What the files of " + run.name + " say";
  table.columns = {{"statement"}, {"holds"}, {"found"}, {"read from"}};
  for (const CheckedFact& fact : run.facts) {
    const char* const holds = !fact.holds ? "\xE2\x80\x93" : *fact.holds ? "yes" : "no";
    table.rows.push_back(
        {{TextCell(fact.what), TextCell(holds), FigureCell(fact.found), TextCell(fact.files)},
         fact.holds == false});
  }
  return table;
}

}  // namespace

Content MakeVerified(const std::vector<RunRecord>& runs) {
  Content content;
  for (size_t run = 0; run < runs.size(); ++run) {
    content.AddTable(IdFor("facts", runs, run), TableOf(runs[run]));
  }
  content.AddText(
      "Bold statements do not hold. All are read from the files of the run: nothing is computed "
      "again. check-shards reads the frames in shards and compares their checksums.",
      "note");
  return content;
}

}  // namespace reel3d::report
