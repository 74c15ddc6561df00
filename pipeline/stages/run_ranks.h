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

// Runs the command as lib/base/launcher.h says. The exit status is the command's, or 75 if the
// command was stopped before its ranks could listen. After a second request the process ends by
// that signal.
ToolResult RunRanks(const RunRanksOptions& options);

// Does the work of a program that was called by the name of mpirun. It runs the next mpirun in PATH
// by RunRanks() if that is to start train-r3d, and otherwise becomes that mpirun, which gets the
// signals that `held` has kept so far.
int RunAsMpirun(int argc, char** argv, const HeldSignals& held);

}  // namespace reel3d
