// Starts the ranks of train-r3d through mpirun or srun, so that they can be stopped.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/cli/tool.h"

namespace reel3d {

struct RunRanksOptions {
  std::vector<std::string> command;  // the launcher, its options, the program, its options
  std::string program;               // the file to run for it; empty: found in PATH
  std::string status_file;

  void Bind(OptionBinder& binder);
  void Check() const {}
};

// Runs the command as lib/base/launcher.h says. The exit status is the command's; 75 if it was
// stopped before its ranks could listen; a second request ends this process as its signal does.
ToolResult RunRanks(const RunRanksOptions& options);

// What a program does that was called by the name of mpirun: becomes the next mpirun in PATH, or,
// where that is to start train-r3d, runs it by RunRanks().
int RunAsMpirun(int argc, char** argv);

}  // namespace reel3d
