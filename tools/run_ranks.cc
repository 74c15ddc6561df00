// run-ranks: starts mpirun or srun, and passes requests to stop on to the ranks. Under the name of
// mpirun it stands in front of the system's.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/run_ranks.h"

#include <string>
#include <vector>

#include "lib/cli/tool.h"

int main(int argc, char** argv) {
  const std::string called = argv[0];
  if (called.substr(called.rfind('/') + 1) == "mpirun") {
    return reel3d::RunAsMpirun(argc, argv);
  }
  // What comes behind the launcher's name is the launcher's.
  std::vector<char*> words(argv, argv + argc);
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i][0] != '-') {
      static std::string rest = "--";
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(i), rest.data());
      break;
    }
  }
  reel3d::RunRanksOptions options;
  return reel3d::RunTool(
      {"run-ranks", "Starts the ranks of train-r3d, so that a signal lets them save and end.",
       "  run-ranks mpirun -n 4 train-r3d run/x/shards run/x/train\n"
       "  run-ranks srun --mpi=pmix train-r3d run/x/shards run/x/train\n\n"
       "A first Ctrl-C, SIGTERM, SIGHUP or SIGUSR1 is passed on as SIGUSR1: the ranks stop at\n"
       "the next step, save and end with status 75, however long the step is. By itself mpirun\n"
       "kills its ranks a second after Ctrl-C or SIGTERM. The same signal again, or Ctrl-C, a\n"
       "second later or more, ends them at once. The exit status is the launcher's."},
      static_cast<int>(words.size()), words.data(), options,
      [&] { return reel3d::RunRanks(options); });
}
