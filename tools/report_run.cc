// report-run turns the files of a run into a page for people.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/report_run.h"

#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::ReportRunOptions options;
  const reel3d::ToolInfo info = {
      "report-run", "Writes one HTML page about one or several runs.",
      "Reads the settings, curves, times and evaluation in each RUN_DIR, and shows them side by\n"
      "side: the result, curves, a table beside published results, confusions, classes, mistakes,\n"
      "speed, warnings and settings. The page is one file. It loads nothing, and works without\n"
      "a script, on a phone and on paper. It says which parts are missing or damaged. --json\n"
      "prints the numbers of every figure and table."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::ReportRunReport report = reel3d::RunReportRun(options);
    return reel3d::ToolResult{report.numbers, report.text, reel3d::kExitDone};
  });
}
