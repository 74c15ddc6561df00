// evaluate-scores: from the logits of every clip to accuracies and predictions of videos.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/evaluate_scores.h"

#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::EvaluateScoresOptions options;
  const reel3d::ToolInfo info = {
      "evaluate-scores", "Averages the clips of every video and says how often the class is right.",
      "Reads the scores-NNNNN.h5 that score-videos wrote, checks that they belong together and "
      "that\n"
      "none is missing, and writes predictions.tsv, metrics.json, confusion.tsv and results.json\n"
      "(the JSON form of the 2018 and 2020 PyTorch code, read by existing scorers). A video that\n"
      "was expected but not scored counts as wrong; the figures that ignore it stand beside.\n"
      "Of two classes with equal scores the one with the lower index comes first."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::EvaluateScoresReport report = reel3d::RunEvaluateScores(options);
    return reel3d::ToolResult{report.metrics, report.table, reel3d::kExitDone};
  });
}
