// Runs a launcher, such as mpirun or srun, so that a request to stop reaches its ranks and leaves
// them the time that they need.
//
// Open MPI's mpirun answers SIGTERM and Ctrl-C by killing its ranks a second later, and then ends
// with status 1; SIGUSR1 it hands to them. So the launcher gets a session of its own, where Ctrl-C
// of the terminal does not reach it, and SIGUSR1 in place of every request.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace reel3d {

struct LaunchResult {
  int exit_status = 0;          // the command's own; 128 + signal if one ended it
  int ended_by = 0;             // the signal of the second request, which ended it at once; else 0
  bool never_listened = false;  // it ended by the request itself, before it could listen
};

// Runs `command` (searched in PATH, or the file `program` where that is given) and waits for it and
// whatever it leaves behind. Meanwhile
//
//   SIGINT, SIGTERM, SIGUSR1 and SIGHUP, the first time: SIGUSR1 for the command. It is repeated if
//       the command has just been started, as mpirun hands no signal to ranks that it has not
//       started
//   the same one again, or SIGINT, a second later or more: SIGUSR2, which ends ranks at once; after
//   a
//       grace of some seconds SIGTERM and then SIGKILL
//   SIGTSTP (Ctrl-Z): stops the ranks, too, until they are continued
//
// SIGHUP stays ignored under nohup. If this process is killed, the command gets SIGTERM. The
// command can tell by kRunRanksVariable (lib/base/launched_rank.h) who started it. Call once, while
// the process has one thread. Throws an environment error if the command cannot be started.
LaunchResult RunLauncher(const std::vector<std::string>& command, const std::string& program = "");

}  // namespace reel3d
