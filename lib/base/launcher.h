// Runs a launcher, such as mpirun or srun, so that a request to stop reaches its ranks and they
// have the time that they need to save.
//
// Open MPI's mpirun answers SIGTERM and Ctrl-C by killing its ranks a second later, and then ends
// with status 1. SIGUSR1, however, is passed on to the ranks. So the launcher runs in a session of
// its own, where Ctrl-C of the terminal does not reach it, and gets SIGUSR1 instead of any other
// request.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace reel3d {

struct LaunchResult {
  int exit_status = 0;          // the command's own, or 128 + signal if a signal ended it
  int ended_by = 0;             // the signal of the second request, which ended the command; else 0
  bool never_listened = false;  // SIGUSR1 ended the command, which did not handle it yet
};

// Runs `command` and waits for it. The program is command[0], searched in PATH, or `program` if
// that is not empty. If a signal ended the command, the call also waits up to 20 s for the
// processes that the command left. Meanwhile signals to this process have these effects:
//
//   The first SIGINT, SIGTERM, SIGUSR1 or SIGHUP sends SIGUSR1 to the command, and repeats it at
//       growing intervals until the command ends: mpirun drops a signal for ranks that it has not
//       started yet, and ranks may ignore it while they load their libraries.
//   The same signal again, or SIGINT, a second later or more sends SIGUSR2, which ends ranks at
//       once. If the command is still there some seconds later, it gets SIGTERM and then SIGKILL.
//   SIGTSTP (Ctrl-Z) stops the ranks as well, until they are continued.
//
// SIGHUP stays ignored under nohup. If this process is killed, the command gets SIGTERM. The
// environment variable kRunRanksVariable (lib/base/launched_rank.h) is set for the command, and so
// are settings of Open MPI, unless the environment has them: they make mpirun end within two
// minutes when a host is lost. They overrule those in files of parameters.
//
// Call it while the process has one thread. The caller's signal mask is restored on return. Signals
// that came after a first request are discarded. The call does not wait for children that the
// caller already has. But if such a child leaves a process behind meanwhile, that process counts as
// left by the command. Throws an environment error if the command cannot be started.
LaunchResult RunLauncher(const std::vector<std::string>& command, const std::string& program = "");

}  // namespace reel3d
