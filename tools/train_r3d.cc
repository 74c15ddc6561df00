// train-r3d: trains a 3D residual network on shards, data-parallel over the ranks that mpirun or
// srun starts.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/train_r3d.h"

#include "lib/base/stop_signal.h"
#include "lib/cli/tool.h"

namespace {

// A signal is a request from the first moment on, also while the libraries are still loading: what
// stands in this section runs before their initialisers.
[[gnu::section(".preinit_array"),
  gnu::used]] void (*const kCatchEarly)() = reel3d::CatchStopSignals;

}  // namespace

int main(int argc, char** argv) {
  reel3d::TrainOptions options;
  return reel3d::RunTool(
      {"train-r3d", "Trains a 3D residual network (Hara, Kataoka, Satoh 2017) on packed shards.",
       "  run-ranks mpirun -n 4 train-r3d run/x/shards run/x/train\n"
       "  run-ranks srun --mpi=pmix train-r3d --recipe hara2020 run/x/shards run/x/train\n\n"
       "The same command again goes on from the newest checkpoint in RUN_DIR. The global batch\n"
       "is the option: any number of ranks sees the same clips and crops. Status 75 means\n"
       "stopped early at a checkpoint: run it again. run-ranks gives the ranks the time to save:\n"
       "by itself mpirun kills them a second after Ctrl-C or SIGTERM.",
       /*is_parallel=*/true},
      argc, argv, options, [&] { return reel3d::RunTraining(options); });
}
