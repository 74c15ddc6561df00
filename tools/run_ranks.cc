// run-ranks starts mpirun or srun, and passes requests to stop on to the ranks. If it is called
// mpirun, it stands in for the system's mpirun.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/run_ranks.h"

#include <string>

#include "lib/base/held_signals.h"
#include "lib/cli/tool.h"

namespace {

// It is never deleted: a request that comes too late must not end this process instead of its exit
// status.
const reel3d::HeldSignals* held_early = nullptr;

void HoldEarly() { held_early = new reel3d::HeldSignals(); }

// A request counts from the first moment on: what stands in this section runs before the libraries'
// initialisers.
[[gnu::section(".preinit_array"), gnu::used]] void (*const kHoldEarly)() = HoldEarly;

}  // namespace

int main(int argc, char** argv) {
  const std::string called = argv[0];
  if (called.substr(called.rfind('/') + 1) == "mpirun") {
    return reel3d::RunAsMpirun(argc, argv, *held_early);
  }
  reel3d::RunRanksOptions options;
  return reel3d::RunTool(
      {"run-ranks", "Starts the ranks of train-r3d, so that a signal lets them save and end.",
       "  run-ranks mpirun -n 4 train-r3d run/x/shards run/x/train\n"
       "  run-ranks srun --mpi=pmix train-r3d run/x/shards run/x/train\n\n"
       "A first Ctrl-C, SIGTERM, SIGHUP or SIGUSR1 is passed on as SIGUSR1: the ranks stop at\n"
       "the next step, save and end with status 75, however long the step is. By itself mpirun\n"
       "kills its ranks a second after Ctrl-C or SIGTERM. The same signal again, or Ctrl-C, a\n"
       "second later or more, ends them at once. The exit status is the launcher's. Options of\n"
       "run-ranks come before the launcher.",
       /*is_parallel=*/false, /*takes_command=*/true},
      argc, argv, options, [&] { return reel3d::RunRanks(options); });
}
