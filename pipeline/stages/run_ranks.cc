// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/run_ranks.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/launched_rank.h"
#include "lib/base/launcher.h"
#include "lib/base/log.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

int ExitStatus(const LaunchResult& result) {
  if (result.never_listened) {
    LogInfo("stopped before training had begun: run the same command again");
    return kExitStoppedEarly;
  }
  return result.ended_by == 0 ? result.exit_status : 128 + result.ended_by;
}

void WriteStatus(const RunRanksOptions& options, const std::string& text) {
  if (!options.status_file.empty()) {
    WriteFileAtomically(options.status_file, text);
  }
}

// Returns the mpirun that PATH would find without this program.
fs::path NextMpirun() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  const fs::path ourselves = "/proc/self/exe";
  for (std::string folder; std::getline(folders, folder, ':');) {
    const fs::path candidate = fs::path(folder) / "mpirun";
    std::error_code ignored;
    if (access(candidate.c_str(), X_OK) == 0 && !fs::equivalent(candidate, ourselves, ignored)) {
      return candidate;
    }
  }
  throw EnvironmentError("there is no other mpirun in PATH: install Open MPI, or load its module");
}

bool StartsTraining(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (fs::path(word).filename() == "train-r3d") {
      return true;
    }
  }
  return false;
}

}  // namespace

void RunRanksOptions::Bind(OptionBinder& binder) {
  binder.Positional("LAUNCHER", &command,
                    "command that starts the ranks, such as mpirun -n 4 train-r3d ...");
  binder.Bind("status-file", &status_file,
              "write the exit status to this file as well, since make turns every failure into 2; "
              "the file is empty until the command ends. Empty: no file");
}

ToolResult RunRanks(const RunRanksOptions& options) {
  ToolResult result;
  result.json = nullptr;
  // The status of an earlier run must not stay, and a file that cannot be written is an error now
  // rather than after hours of training.
  WriteStatus(options, "");
  const HeldSignals held;  // a late request must not end this process before it returns the status
  LaunchResult launch;
  try {
    launch = RunLauncher(options.command, options.program);
  } catch (const std::exception& error) {
    WriteStatus(options, fmt::format("{}\n", DescribeFailure(error).exit_status));
    throw;
  }
  result.exit_status = ExitStatus(launch);
  WriteStatus(options, fmt::format("{}\n", result.exit_status));
  held.Discard();
  if (launch.ended_by != 0) {  // a shell or make must see that it was a signal
    std::signal(launch.ended_by, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    std::raise(launch.ended_by);
  }
  return result;
}

int RunAsMpirun(int argc, char** argv, const HeldSignals& held) {
  InitLog("mpirun");
  try {
    const fs::path mpirun = NextMpirun();
    RunRanksOptions options;
    options.command.assign(argv, argv + argc);
    if (StartsTraining(options.command) && !StartedByRunRanks()) {
      // Only `program` gets the full path. As command[0] it would make Open MPI take mpirun's
      // folder as --prefix.
      options.program = mpirun.string();
      return RunRanks(options).exit_status;
    }
    held.LetThrough();
    execv(mpirun.c_str(), argv);
    throw EnvironmentError(
        fmt::format("cannot start {}: {}", mpirun.string(), std::strerror(errno)));
  } catch (const std::exception& error) {
    const Failure failure = DescribeFailure(error);
    LogError(failure.line);
    return failure.exit_status;
  }
}

}  // namespace reel3d
