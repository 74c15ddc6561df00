// evaluate-scores turns the logits of every clip into accuracies and predictions of videos.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/evaluate_scores.h"

#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::EvaluateScoresOptions options;
  const reel3d::ToolInfo info = {
      "evaluate-scores", "Averages the clips of every video and says how often the class is right.",
      "Reads the scores-NNNNN.h5 that score-videos wrote, and checks that they belong together\n"
      "and that none is missing. Writes predictions.tsv, metrics.json, confusion.tsv and\n"
      "results.json (the JSON form of the 2018 and 2020 PyTorch code, read by existing\n"
      "scorers). A video that was expected but not scored counts as wrong; further figures\n"
      "ignore such videos. If two classes have equal scores, the one with the lower index comes\n"
      "first."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::EvaluateScoresReport report = reel3d::RunEvaluateScores(options);
    return reel3d::ToolResult{report.metrics, report.table, reel3d::kExitDone};
  });
}
