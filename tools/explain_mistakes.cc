// explain-mistakes computes where a network sees the wrong class, for the page of report-run.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/explain_mistakes.h"

#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::ExplainMistakesOptions options;
  return reel3d::RunTool(
      {"explain-mistakes",
       "Computes where a network sees the wrong class in videos that it answers wrongly.",
       "  explain-mistakes run/x/train/checkpoints/latest run/x/shards run/x\n"
       "  report-run run/x run/x/report.html\n\n"
       "The videos are the most confident mistakes and the most suspect labels, of which\n"
       "report-run shows frames. The heat goes into RUN_DIR/heat.json, and report-run draws it\n"
       "over these frames. CHECKPOINT must be the one that computed RUN_DIR/scores. For a video\n"
       "that is in no shard, use classify-video --explain."},
      argc, argv, options, [&] { return reel3d::RunExplainMistakes(options); });
}
