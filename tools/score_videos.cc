// score-videos computes the logits of every clip of a subset's videos with a trained network.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/score_videos.h"
#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::ScoreOptions options;
  return reel3d::RunTool(
      {"score-videos", "Scores every clip of a subset's videos with a trained network.",
       "  score-videos run/x/train/checkpoints/latest run/x/shards run/x/scores\n\n"
       "Videos are cut into windows as long as the network's clips. The short side is resized to\n"
       "the crop size, and the centre is cut out (the paper's section 3.3). The logits of each\n"
       "clip are stored; evaluate-scores averages them. In an array job each task takes its share\n"
       "of the parts."},
      argc, argv, options, [&] { return reel3d::RunScoring(options); });
}
