// Runs a launcher, such as mpirun or srun, so that a request to stop reaches its ranks and leaves
// them the time that they need.
//
// Open MPI's mpirun answers SIGTERM and Ctrl-C by killing its ranks a second later, and then ends
// with status 1, but it hands SIGUSR1 to the ranks. So the launcher runs in a session of its own,
// where Ctrl-C of the terminal does not reach it, and gets SIGUSR1 in place of every request.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace reel3d {

struct LaunchResult {
  int exit_status = 0;          // the command's own, or 128 + signal if a signal ended it
  int ended_by = 0;             // the signal of the second request, which ended the command; else 0
  bool never_listened = false;  // the request itself ended the command, which could not listen yet
};

// Runs `command` (searched in PATH, or the file `program` if that is given) and waits for it. If a
// signal ended the command, the call also waits up to 20 s for the processes that it left.
// Meanwhile signals to this process have these effects:
//
//   The first SIGINT, SIGTERM, SIGUSR1 or SIGHUP sends SIGUSR1 to the command, and repeats it at
//       growing intervals until the command ends: mpirun drops a signal for ranks that it has not
//       started yet, and ranks may ignore it while they load their libraries.
//   The same signal again, or SIGINT, a second later or more sends SIGUSR2, which ends ranks at
//       once. If the command is still there some seconds later, it gets SIGTERM and then SIGKILL.
//   SIGTSTP (Ctrl-Z) stops the ranks as well, until they are continued.
//
// SIGHUP stays ignored under nohup. If this process is killed, the command gets SIGTERM. The
// variable kRunRanksVariable (lib/base/launched_rank.h) tells the command that it runs here.
//
// Call it while the process has one thread. The caller's signal mask is restored on return; signals
// that came after a first request are dropped. Children that the caller already has stay the
// caller's to wait for, but what one of them orphans meanwhile counts as left by the command.
// Throws an environment error if the command cannot be started.
LaunchResult RunLauncher(const std::vector<std::string>& command, const std::string& program = "");

}  // namespace reel3d
