// Starts the ranks of train-r3d through mpirun or srun, so that they can be stopped.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/base/held_signals.h"
#include "lib/base/option_binder.h"
#include "lib/cli/tool.h"

namespace reel3d {

struct RunRanksOptions {
  std::vector<std::string> command;  // the launcher, its options, the program, its options
  std::string program;               // the launcher's file; empty: PATH is searched
  std::string status_file;

  void Bind(OptionBinder& binder);
  void Check() const {}
};

// Runs the command as lib/base/launcher.h says. The exit status is that of the command, or 75 if a
// request to stop came before the ranks could handle it. If a second request came, this process
// ends by the signal of that request.
ToolResult RunRanks(const RunRanksOptions& options);

// Stands in for mpirun, if this program is called by that name. If the command starts train-r3d and
// no run-ranks has started it, runs the next mpirun in PATH by RunRanks(). Otherwise this process
// becomes that mpirun, which gets the signals that `held` has kept so far.
int RunAsMpirun(int argc, char** argv, const HeldSignals& held);

}  // namespace reel3d
