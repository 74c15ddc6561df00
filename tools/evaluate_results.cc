// evaluate-results scores a results.json as the official scorers do.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/evaluate_results.h"

#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::EvaluateResultsOptions options;
  const reel3d::ToolInfo info = {
      "evaluate-results", "Scores a results.json by the rules of ActivityNet and Kinetics.",
      "Reads answers ({\"results\": {id: [{\"label\", \"score\"}, ...]}}) and annotations\n"
      "({\"database\": {id: {\"subset\", \"annotations\"}}}). Prints mean average precision, "
      "hit@k\n"
      "and average hit@k for k = 1, 3 and 5, and the errors at 1 and 5 with their mean. A video\n"
      "without answers counts as wrong; a second column ignores such videos. Use it for results\n"
      "of other programs; evaluate-scores prints more about those of reel3d.\n\n"
      "  evaluate-results evaluation/results.json kinetics.json"};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::EvaluateResultsReport report = reel3d::RunEvaluateResults(options);
    return reel3d::ToolResult{report.figures, report.text, reel3d::kExitDone};
  });
}
