// compare-scores finds out whether one run is better than another on the videos that both scored.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/compare_scores.h"

#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::CompareScoresOptions options;
  const reel3d::ToolInfo info = {
      "compare-scores", "Says whether a run is better than another, worse, or as good.",
      "Reads the scores that score-videos wrote for two or more runs and compares each with the\n"
      "first, on the videos that both scored. The first line is the verdict:\n"
      "  equivalent  the difference of top-1 is surely smaller than --margin (90 % interval)\n"
      "  better      more videos became right than wrong, and chance seldom does that (5 %)\n"
      "  worse       more videos became wrong than right, and chance seldom does that (5 %)\n"
      "  undecided   there are too few videos to say any of these\n"
      "Then come the videos that only one run got right (McNemar's exact test), the interval\n"
      "of the difference (score interval or paired bootstrap, the wider one on each side), the\n"
      "classes that differ (corrected by Holm), and the late fusion of both runs.\n\n"
      "  compare-scores run/float32/scores run/bf16/scores --margin 0.2"};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    const reel3d::CompareScoresReport report = reel3d::RunCompareScores(options);
    return reel3d::ToolResult{report.figures, report.text, reel3d::kExitDone};
  });
}
