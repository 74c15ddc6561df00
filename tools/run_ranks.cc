// run-ranks starts mpirun or srun, and passes requests to stop on to the ranks. If it is called
// mpirun, it stands in for the system's mpirun.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/run_ranks.h"

#include <string>

#include "lib/base/held_signals.h"
#include "lib/cli/tool.h"

namespace {

// Holds signals until the process ends, so it is never deleted: a request to stop that comes at the
// very end must not replace the exit status.
const reel3d::HeldSignals* held_early = nullptr;

void HoldEarly() { held_early = new reel3d::HeldSignals(); }

// Functions in this section run before the initialisers of libraries. So a request to stop counts
// from the first moment on.
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
       "the next step, save and end with status 75, however long the step is. Without run-ranks\n"
       "mpirun kills them a second after Ctrl-C or SIGTERM. If the same signal or Ctrl-C comes\n"
       "again, a second later or more, the ranks end at once. The exit status is the launcher's,\n"
       "or 75 if a request came before the ranks could listen.\n"
       "Options of run-ranks come before the launcher.",
       /*is_parallel=*/false, /*takes_command=*/true},
      argc, argv, options, [&] { return reel3d::RunRanks(options); });
}
