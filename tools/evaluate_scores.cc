// evaluate-scores turns the logits of every clip into accuracies and predictions of videos.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/evaluate_scores.h"

#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::EvaluateScoresOptions options;
  const reel3d::ToolInfo info = {
      "evaluate-scores", "Averages the clips of every video and says how often the class is right.",
      "Reads the scores-NNNNN.h5 that score-videos wrote, and checks that they belong together\n"
      "and that none is missing. Prints accuracies and what they depend on: averaging rule,\n"
      "tail, number of windows, calibration. A video that was expected but not scored counts as\n"
      "wrong; further figures ignore such videos. If two classes have equal scores, the one with\n"
      "the lower index comes first. OUT_DIR gets\n"
      "  metrics.json figures.json       all figures as fractions, with intervals\n"
      "  per_class.tsv confusion.tsv     classes, and the classes they are mistaken for\n"
      "  averages.tsv windows.tsv        other rules, and fewer windows\n"
      "  ladder.txt                      why figures of one run differ\n"
      "  calibration.tsv                 confidence against accuracy\n"
      "  slices.tsv                      top-1 of groups of videos, and unusual groups\n"
      "  probe.tsv                       what each class needs (after score-videos --probe order)\n"
      "  suspect_labels.tsv              videos that may have a wrong label\n"
      "  predictions.tsv results.json    answers; the JSON form of the 2018 and 2020 PyTorch code"};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::EvaluateScoresReport report = reel3d::RunEvaluateScores(options);
    const std::string text = options.explain ? report.table + "\n" + report.ladder : report.table;
    nlohmann::ordered_json json = report.metrics;
    if (options.explain) {
      json["ladder"] = report.rungs;
    }
    return reel3d::ToolResult{json, text, reel3d::kExitDone};
  });
}
