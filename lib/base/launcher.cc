// SPDX-License-Identifier: Apache-2.0
#include "lib/base/launcher.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <limits>

#include "lib/base/error.h"
#include "lib/base/launched_rank.h"
#include "lib/base/log.h"
#include "lib/base/timer.h"

namespace reel3d {
namespace {

constexpr double kOneRequest_s = 1;
// Behind this all ranks have been started, so that SIGUSR1 reaches them the first time.
constexpr double kStart_s = 60;
// How long a launcher may take to end ranks that are to end at once.
constexpr double kGrace_s = 10;
constexpr double kNever = std::numeric_limits<double>::infinity();

constexpr std::array<int, 7> kWatched = {SIGINT,  SIGTERM, SIGUSR1, SIGUSR2,
                                         SIGTSTP, SIGCONT, SIGCHLD};

sigset_t WatchedSignals() {
  sigset_t watched;
  sigemptyset(&watched);
  for (const int signal : kWatched) {
    sigaddset(&watched, signal);
  }
  struct sigaction hang_up {};
  sigaction(SIGHUP, nullptr, &hang_up);
  if (hang_up.sa_handler != SIG_IGN) {  // else nohup started us
    sigaddset(&watched, SIGHUP);
  }
  return watched;
}

// In the child. Returns only if the command cannot be started.
void Become(const std::string& program, const std::vector<std::string>& command,
            const sigset_t& signals, pid_t parent) {
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) {
    return;  // it has gone before
  }
  // A launcher in a session of its own would take what is typed away from the shell.
  if (isatty(STDIN_FILENO) != 0) {
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    close(nothing);
  }
  setenv(kRunRanksVariable, "1", /*overwrite=*/1);
  signal(SIGINT, SIG_DFL);  // a script's `&` has it ignored
  sigprocmask(SIG_SETMASK, &signals, nullptr);
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));  // only read
  }
  arguments.push_back(nullptr);
  execvp(program.c_str(), arguments.data());
}

class Launch {
 public:
  Launch(const std::string& program, const std::vector<std::string>& command) : name_(program) {
    sigset_t before;
    sigprocmask(SIG_BLOCK, &watched_, &before);
    prctl(PR_SET_CHILD_SUBREAPER, 1);  // ranks outlive an mpirun that is killed, for a second
    std::array<int, 2> report{};
    if (pipe2(report.data(), O_CLOEXEC) != 0) {
      throw EnvironmentError(fmt::format("cannot start {}: {}", name_, std::strerror(errno)));
    }
    const pid_t parent = getpid();
    child_ = fork();
    if (child_ == 0) {
      Become(program, command, before, parent);
      const int error = errno;
      const ssize_t told = write(report[1], &error, sizeof(error));
      _exit(told < 0 ? kExitInternal : kExitEnvironment);
    }
    close(report[1]);
    int error = child_ < 0 ? errno : 0;
    if (child_ > 0 && read(report[0], &error, sizeof(error)) < 0) {
      error = errno;
    }
    close(report[0]);
    if (error != 0) {
      throw EnvironmentError(fmt::format("cannot start {}: {}", name_, std::strerror(error)));
    }
  }

  LaunchResult Run() {
    while (!IsOver()) {
      const timespec wait{0, 100'000'000};
      const int signal = sigtimedwait(&watched_, nullptr, &wait);
      if (signal == SIGTSTP) {
        Suspend();
      } else if (signal > 0 && signal != SIGCHLD && signal != SIGCONT) {
        TakeRequest(signal);
      }
      Repeat();
      Insist();
    }
    return Result();
  }

 private:
  // Whether the command and all that it started have ended.
  bool IsOver() {
    int status = 0;
    pid_t ended = 0;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
      if (ended == child_) {
        status_ = status;
        child_ = -1;
        since_end_ = Stopwatch();
      }
    }
    if (child_ > 0) {
      return false;
    }
    // A launcher that ends by itself has seen to its ranks, and may leave what is not ours to
    // judge, such as a connection that ssh shares.
    const bool nobody = (ended < 0 && errno == ECHILD) || !WIFSIGNALED(status_);
    if (!nobody && since_end_.Seconds() > kGrace_s) {
      KillOrphans();
    }
    return nobody || since_end_.Seconds() > 2 * kGrace_s;
  }

  // Processes of the command that are now ours.
  static void KillOrphans() {
    std::ifstream children(fmt::format("/proc/self/task/{}/children", getpid()));
    for (pid_t orphan = 0; children >> orphan;) {
      kill(orphan, SIGKILL);
    }
  }

  void TakeRequest(int signal) {
    if (first_ == 0 && signal != SIGUSR2) {
      first_ = signal;
      since_first_ = Stopwatch();
      LogInfo(
          fmt::format("{}: asking the ranks to stop at the next step and save; once more ends "
                      "them at once",
                      strsignal(signal)));
      Send(SIGUSR1);
      next_repeat_s_ = since_start_.Seconds() < kStart_s ? 0.25 : kNever;
    } else if (second_ == 0 && IsSecond(signal)) {
      second_ = signal;
      since_second_ = Stopwatch();
      LogWarn(fmt::format("{}: ending the ranks at once", strsignal(signal)));
    }
  }

  bool IsSecond(int signal) const {
    const bool is_repeated = signal == SIGUSR1 && StartedByRunRanks();  // by one around this one
    return signal == SIGUSR2 || (since_first_.Seconds() >= kOneRequest_s && !is_repeated &&
                                 (signal == first_ || signal == SIGINT));
  }

  void Repeat() {
    if (first_ != 0 && second_ == 0 && since_first_.Seconds() >= next_repeat_s_) {
      next_repeat_s_ *= 2;
      Send(SIGUSR1);
    }
  }

  // Goes on with what the second request has begun.
  void Insist() {
    struct Blow {
      double after_s;
      int signal;
    };
    constexpr std::array<Blow, 3> kBlows = {Blow{0, SIGUSR2}, Blow{kGrace_s / 2, SIGTERM},
                                            Blow{kGrace_s, SIGKILL}};
    if (second_ == 0 || num_blows_ == kBlows.size()) {
      return;
    }
    const Blow& next = kBlows[num_blows_];
    if (since_second_.Seconds() >= next.after_s) {
      ++num_blows_;
      Send(next.signal);
    }
  }

  void Suspend() {
    Send(SIGTSTP);
    raise(SIGSTOP);
    Send(SIGCONT);
  }

  void Send(int signal) const {
    if (child_ > 0) {
      kill(child_, signal);
    }
  }

  LaunchResult Result() const {
    LaunchResult result;
    result.exit_status = WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
    result.ended_by = second_;
    result.never_listened = first_ != 0 && second_ == 0 && result.exit_status == 128 + SIGUSR1;
    return result;
  }

  const std::string name_;
  const sigset_t watched_ = WatchedSignals();
  pid_t child_ = -1;
  int status_ = 0;
  int first_ = 0, second_ = 0;  // requests
  size_t num_blows_ = 0;
  double next_repeat_s_ = kNever;
  Stopwatch since_start_, since_first_, since_second_, since_end_;
};

}  // namespace

LaunchResult RunLauncher(const std::vector<std::string>& command, const std::string& program) {
  return Launch(program.empty() ? command.at(0) : program, command).Run();
}

}  // namespace reel3d
