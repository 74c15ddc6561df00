// train-r3d: trains a 3D residual network on shards, data-parallel over the ranks that mpirun or
// srun starts.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/train_r3d.h"
#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  reel3d::TrainOptions options;
  return reel3d::RunTool(
      {"train-r3d", "Trains a 3D residual network (Hara, Kataoka, Satoh 2017) on packed shards.",
       "  mpirun -n 4 train-r3d run/x/shards run/x/train\n"
       "  srun --mpi=pmix train-r3d --recipe hara2020 run/x/shards run/x/train\n\n"
       "The same command again goes on from the newest checkpoint in RUN_DIR. The global batch\n"
       "is the option: any number of ranks sees the same clips and crops. Status 75 means\n"
       "stopped early at a checkpoint: run it again."},
      argc, argv, options, [&] { return reel3d::RunTraining(options); });
}
