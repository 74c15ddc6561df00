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
#include <fstream>
#include <limits>
#include <set>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/held_signals.h"
#include "lib/base/launched_rank.h"
#include "lib/base/log.h"
#include "lib/base/timer.h"

namespace reel3d {
namespace {

constexpr double kOneRequest_s = 1;
// SIGKILL is sent this long after a second request, and this long after the end of a killed
// launcher if its processes still run.
constexpr double kGrace_s = 10;
constexpr double kNever = std::numeric_limits<double>::infinity();

// Makes this process the parent of the ranks of a killed mpirun, because they outlive it by a
// second.
class Subreaper {
 public:
  Subreaper() {
    prctl(PR_GET_CHILD_SUBREAPER, &before_);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
  ~Subreaper() { prctl(PR_SET_CHILD_SUBREAPER, before_); }
  Subreaper(const Subreaper&) = delete;
  Subreaper& operator=(const Subreaper&) = delete;

 private:
  int before_ = 0;
};

// Gives SIGCHLD its default action, so that the system keeps the status of an ended child. If
// SIGCHLD were inherited as ignored, as after `trap '' CHLD`, neither this process nor mpirun,
// which inherits the action, would learn how its children ended.
class AnsweredChildren {
 public:
  AnsweredChildren() {
    struct sigaction by_default {};
    by_default.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &by_default, &before_);
  }
  ~AnsweredChildren() { sigaction(SIGCHLD, &before_, nullptr); }
  AnsweredChildren(const AnsweredChildren&) = delete;
  AnsweredChildren& operator=(const AnsweredChildren&) = delete;

 private:
  struct sigaction before_ {};
};

// Returns the child processes of this process, running or ended.
std::set<pid_t> Children() {
  std::set<pid_t> children;
  std::ifstream file(fmt::format("/proc/self/task/{}/children", getpid()));
  for (pid_t child = 0; file >> child;) {
    children.insert(child);
  }
  return children;
}

// Makes Open MPI's mpirun notice within two minutes that a host or the link to it is gone: it sends
// a message after a minute of silence, and gives up after six without an answer. Otherwise it takes
// eight minutes. What the environment has stays.
void NoticeLostHosts() {
  for (const auto& [name, value] : {std::pair("OMPI_MCA_oob_tcp_keepalive_time", "60"),
                                    std::pair("OMPI_MCA_oob_tcp_keepalive_intvl", "10"),
                                    std::pair("OMPI_MCA_oob_tcp_keepalive_probes", "6")}) {
    setenv(name, value, /*overwrite=*/0);
  }
}

// Replaces the forked child by the command. Returns only if the command cannot be started.
void Become(const std::string& program, const std::vector<std::string>& command,
            const HeldSignals& held, pid_t parent) {
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) {
    return;  // the parent ended before prctl(), so no signal will come
  }
  // The launcher must not read the input that the user types for the shell.
  if (isatty(STDIN_FILENO) != 0) {
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    close(nothing);
  }
  setenv(kRunRanksVariable, "1", /*overwrite=*/1);
  NoticeLostHosts();
  signal(SIGINT, SIG_DFL);  // scripts ignore it in programs that they start with `&`
  held.LetThrough();
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
    std::array<int, 2> report{};
    if (pipe2(report.data(), O_CLOEXEC) != 0) {
      throw EnvironmentError(fmt::format("cannot start {}: {}", name_, std::strerror(errno)));
    }
    const pid_t parent = getpid();
    child_ = fork();
    if (child_ == 0) {
      Become(program, command, held_, parent);
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
      if (child_ > 0) {
        waitpid(child_, nullptr, 0);
      }
      throw EnvironmentError(fmt::format("cannot start {}: {}", name_, std::strerror(error)));
    }
  }

  LaunchResult Run() {
    while (!IsOver()) {
      const int signal = held_.Take(100'000'000);
      if (signal == SIGTSTP) {
        Suspend();
      } else if (signal != 0 && signal != SIGCHLD && signal != SIGCONT) {
        TakeRequest(signal);
      }
      Repeat();
      Insist();
    }
    if (first_ != 0) {  // later requests wanted the command to end, and it has
      held_.Discard();
    }
    return Result();
  }

 private:
  // Returns whether `child` has ended, and sets `status`. If other code of this process has
  // collected the status, the child counts as failed.
  static bool HasEnded(pid_t child, int* status) {
    const pid_t found = waitpid(child, status, WNOHANG);
    if (found < 0 && errno == ECHILD) {
      LogWarn("another part of this process has taken how the command ended: it counts as failed");
      *status = W_EXITCODE(kExitFailed, 0);
      return true;
    }
    return found == child;
  }

  // Returns whether the command has ended and no process that it left must be waited for.
  bool IsOver() {
    if (child_ > 0 && HasEnded(child_, &status_)) {
      child_ = -1;
      since_end_ = Stopwatch();
    }
    const std::set<pid_t> orphans = CollectOrphans();
    if (child_ > 0) {
      return false;
    }
    // A launcher that no signal ended has ended its ranks. It may leave processes that should stay,
    // such as a shared ssh connection.
    const bool nobody = orphans.empty() || !WIFSIGNALED(status_);
    if (!nobody && since_end_.Seconds() > kGrace_s) {
      for (const pid_t orphan : orphans) {
        kill(orphan, SIGKILL);
      }
    }
    return nobody || since_end_.Seconds() > 2 * kGrace_s;
  }

  // Collects the status of orphans that have ended. Returns the orphans that still run. Orphans are
  // processes that the command started and that became children of this process.
  std::set<pid_t> CollectOrphans() const {
    std::set<pid_t> alive;
    for (const pid_t child : Children()) {
      if (child != child_ && callers_.count(child) == 0 && waitpid(child, nullptr, WNOHANG) == 0) {
        alive.insert(child);
      }
    }
    return alive;
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
      next_repeat_s_ = 0.25;
    } else if (second_ == 0 && IsSecond(signal)) {
      second_ = signal;
      since_second_ = Stopwatch();
      LogWarn(fmt::format("{}: ending the ranks at once", strsignal(signal)));
    }
  }

  bool IsSecond(int signal) const {
    const bool is_repeated = signal == SIGUSR1 && StartedByRunRanks();  // sent again by run-ranks
    return signal == SIGUSR2 || (since_first_.Seconds() >= kOneRequest_s && !is_repeated &&
                                 (signal == first_ || signal == SIGINT));
  }

  void Repeat() {
    if (first_ != 0 && second_ == 0 && since_first_.Seconds() >= next_repeat_s_) {
      next_repeat_s_ *= 2;
      Send(SIGUSR1);
    }
  }

  // Sends stronger and stronger signals after a second request.
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
  const AnsweredChildren answered_;
  const HeldSignals held_;
  const Subreaper subreaper_;
  const std::set<pid_t> callers_ = Children();  // children from before, which are not waited for
  pid_t child_ = -1;
  int status_ = 0;
  int first_ = 0, second_ = 0;  // signals of both requests; 0: none
  size_t num_blows_ = 0;
  double next_repeat_s_ = kNever;
  Stopwatch since_first_, since_second_, since_end_;
};

}  // namespace

LaunchResult RunLauncher(const std::vector<std::string>& command, const std::string& program) {
  return Launch(program.empty() ? command.at(0) : program, command).Run();
}

}  // namespace reel3d
