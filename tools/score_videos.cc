// score-videos: the logits of every clip of a subset's videos, by a trained network.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/score_videos.h"
#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::ScoreOptions options;
  return reel3d::RunTool(
      {"score-videos", "Scores every clip of a subset's videos with a trained network.",
       "  score-videos run/x/train/checkpoints/latest run/x/shards run/x/scores\n\n"
       "Videos are cut into windows as long as the network's clips, short side to its crop size\n"
       "and centre crop (the paper's section 3.3). The logits of each clip are stored;\n"
       "evaluate-scores averages them. As an array job each task takes its share of the parts."},
      argc, argv, options, [&] { return reel3d::RunScoring(options); });
}
