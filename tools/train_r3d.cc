// train-r3d trains a 3D residual network on shards, data-parallel over the ranks that mpirun or
// srun starts.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/train_r3d.h"

#include "lib/base/brief_waits.h"
#include "lib/base/stop_signal.h"
#include "lib/cli/tool.h"

namespace {

// This runs before the initialisers of libraries. So a signal counts as a request to stop even
// while the libraries are loading.
void BeginEarly(int argc, char** argv, char** environment) {
  reel3d::WaitBriefly(argc, argv, environment);
  reel3d::CatchStopSignals();
}
[[gnu::section(".preinit_array"), gnu::used]] void (*const kBeginEarly)(int, char**,
                                                                        char**) = BeginEarly;

}  // namespace

int main(int argc, char** argv) {
  reel3d::TrainOptions options;
  return reel3d::RunTool(
      {"train-r3d", "Trains a 3D residual network (Hara, Kataoka, Satoh 2017) on packed shards.",
       "  run-ranks mpirun -n 4 train-r3d run/x/shards run/x/train\n"
       "  run-ranks srun --mpi=pmix train-r3d --recipe hara2020 run/x/shards run/x/train\n\n"
       "The same command continues from the newest checkpoint in RUN_DIR. --batch is the global\n"
       "batch: any number of ranks sees the same clips and crops. Status 75 means that the run\n"
       "stopped early at a checkpoint: run the same command again. run-ranks gives the ranks the\n"
       "time to save: without it mpirun kills them a second after Ctrl-C or SIGTERM.",
       /*is_parallel=*/true},
      argc, argv, options, [&] { return reel3d::RunTraining(options); });
}
