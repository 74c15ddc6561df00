// score-videos computes the logits of every clip of a subset's videos with a trained network.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/score_videos.h"

#include <string_view>

#include "lib/base/brief_waits.h"
#include "lib/cli/tool.h"
#include "pipeline/support/prep_worker.h"

namespace {

// This runs before the initialisers of libraries.
[[gnu::section(".preinit_array"),
  gnu::used]] void (*const kBeginEarly)(int, char**, char**) = reel3d::WaitBriefly;

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == std::string_view(reel3d::kPrepWorkerArgument)) {
    return reel3d::RunPrepWorker();
  }
  reel3d::ScoreOptions options;
  return reel3d::RunTool(
      {"score-videos", "Scores every clip of a subset's videos with a trained network.",
       "  score-videos run/x/train/checkpoints/latest run/x/shards run/x/scores\n"
       "  mpirun -n 4 score-videos --windows 10 --crops 3 CHECKPOINT run/x/shards run/x/scores\n"
       "  score-videos --from-videos CHECKPOINT run/x/videos.tsv run/x/scores\n\n"
       "Videos are cut into windows as long as the network's clips. The short side is resized to\n"
       "the crop size, and the centre is cut out (the paper's section 3.3); --windows and --crops\n"
       "change this. The logits of each clip are stored; evaluate-scores averages them.\n\n"
       "With --share-work, any number of processes on any hosts take score file after score file.\n"
       "Without it, each task of an array job and each rank of mpirun has a fixed share of them.\n"
       "Each rank uses a GPU of its own. The number of tasks and ranks does not change a byte of\n"
       "the scores. If there are fewer score files than ranks, use a smaller --videos-per-part.",
       /*is_parallel=*/true},
      argc, argv, options, [&] { return reel3d::RunScoring(options); });
}
