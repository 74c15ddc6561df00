// Checks what RunLauncher does with signals. Shell scripts stand in for the command, such as
// mpirun.
// SPDX-License-Identifier: Apache-2.0
#include "lib/base/launcher.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/held_signals.h"
#include "tests/test_support.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using testing::HasSubstr;

// Defines note(), which appends a word to the file `said`.
constexpr const char* kPrelude = "note() { echo $1 >>said; }; ";

class Launching : public testing::Test {
 protected:
  void SetUp() override { fs::current_path(folder_.path()); }
  void TearDown() override { fs::current_path("/"); }

  // Runs RunLauncher on `sh -c script` in a process of its own.
  void Start(const std::string& script) {
    process_ = fork();
    if (process_ == 0) {
      const LaunchResult result = RunLauncher({"sh", "-c", kPrelude + script});
      WriteFileAtomically("result", std::to_string(result.exit_status) + " " +
                                        std::to_string(result.ended_by) + " " +
                                        (result.never_listened ? "deaf" : "listened"));
      _exit(0);
    }
    Await("started");
  }

  // The shell makes a file before it writes to it, so a test that reads a word waits for a byte.
  static void Await(const fs::path& file, uintmax_t least_bytes = 0) {
    const auto is_there = [&] { return fs::exists(file) && fs::file_size(file) >= least_bytes; };
    for (int i = 0; i < 3000 && !is_there(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ASSERT_TRUE(is_there()) << file;
  }

  void Send(int signal) const { kill(process_, signal); }

  std::string Result() const {
    waitpid(process_, nullptr, 0);
    return ReadFile("result");
  }

  static std::string Said() { return ReadFile("said"); }

  test::TemporaryFolder folder_;
  pid_t process_ = 0;
};

constexpr const char* kSavesAfterAWhile =
    "trap 'trap : USR1; note usr1; sleep 0.4; note saved; exit 75' USR1; trap 'note term; exit 1' "
    "TERM INT HUP; "
    "note up; touch started; while :; do sleep 0.05; done";

TEST_F(Launching, PassesEveryRequestOnAsUsr1) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) {
    fs::remove("said");
    fs::remove("started");
    Start(kSavesAfterAWhile);
    Send(signal);
    Send(signal);  // `timeout`, or make in a terminal, sends it twice
    EXPECT_EQ(Result(), "75 0 listened") << signal;
    EXPECT_EQ(Said(), "up\nusr1\nsaved\n") << signal;
  }
}

TEST_F(Launching, EndsAtOnceIfItIsAskedAgain) {
  // The script does not catch the signal that the launcher sends after the second request.
  Start("trap 'note usr1' USR1; touch started; while :; do sleep 0.05; done");
  Send(SIGTERM);
  Await("said", 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  Send(SIGUSR1);  // another signal, so not a second request
  Send(SIGTERM);
  EXPECT_EQ(Result(), std::to_string(128 + SIGUSR2) + " " + std::to_string(SIGTERM) + " listened");
}

// tests/cluster/host_training_test.sh shows that mpirun obeys these settings.
TEST_F(Launching, LetsMpirunNoticeLostHosts) {
  const std::string note =
      "env | grep ^OMPI_MCA_oob_tcp_keepalive | sort | cut -d = -f 2 >said; touch started";
  Start(note);
  EXPECT_EQ(Result(), "0 0 listened");
  EXPECT_EQ(ReadFile("said"), "10\n6\n60\n");
  fs::remove("started");
  setenv("OMPI_MCA_oob_tcp_keepalive_time", "300", 1);
  Start(note);
  unsetenv("OMPI_MCA_oob_tcp_keepalive_time");
  EXPECT_EQ(Result(), "0 0 listened");
  EXPECT_EQ(ReadFile("said"), "10\n6\n300\n");
}

// One launcher may run under another: reel3d's own mpirun runs under run-ranks.
TEST_F(Launching, MayStandUnderAnother) {
  const std::string inner = test::ToolPath("run-ranks").string() + " sh -c ";
  Start("exec " + inner +
        "\"trap 'echo usr1 >>said' USR1; touch started; while :; do sleep 0.05; done\"");
  Send(SIGTERM);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // time for repeated requests
  EXPECT_FALSE(fs::exists("result"));
  Send(SIGTERM);
  EXPECT_EQ(Result(), std::to_string(128 + SIGUSR2) + " " + std::to_string(SIGTERM) + " listened");
}

TEST_F(Launching, KnowsACommandThatHadNotBegunToListen) {
  Start("touch started; exec sleep 60");
  Send(SIGTERM);
  EXPECT_EQ(Result(), std::to_string(128 + SIGUSR1) + " 0 deaf");
}

// mpirun loses a signal that arrives before it has started the ranks.
TEST_F(Launching, RepeatsARequestThatACommandMayHaveLost) {
  Start("trap '' USR1; touch started; sleep 1; trap 'exit 75' USR1; while :; do sleep 0.05; done");
  Send(SIGTERM);
  EXPECT_EQ(Result(), "75 0 listened");
}

// Ranks outlive an mpirun that is killed. The background job stands in for a rank.
TEST_F(Launching, WaitsForWhatAKilledCommandLeaves) {
  Start("(sleep 1; note rank_ended) & touch started; kill -KILL $$");
  EXPECT_EQ(Result(), std::to_string(128 + SIGKILL) + " 0 listened");
  EXPECT_EQ(Said(), "rank_ended\n");
}

TEST_F(Launching, EndsTheCommandIfItIsKilled) {
  Start("trap 'note term; exit 1' TERM; touch started; while :; do sleep 0.05; done");
  Send(SIGKILL);
  waitpid(process_, nullptr, 0);
  Await("said", 1);
  EXPECT_EQ(Said(), "term\n");
}

TEST_F(Launching, StopsAndGoesOnWithCtrlZ) {
  Start(
      "trap 'note tstp' TSTP; trap 'note cont; exit 3' CONT; touch started; "
      "while :; do sleep 0.05; done");
  Send(SIGTSTP);
  int status = 0;
  ASSERT_EQ(waitpid(process_, &status, WUNTRACED), process_);
  EXPECT_TRUE(WIFSTOPPED(status));
  Await("said", 1);
  Send(SIGCONT);
  EXPECT_EQ(Result(), "3 0 listened");
  EXPECT_EQ(Said(), "tstp\ncont\n");
}

TEST_F(Launching, LeavesHangUpsToNohup) {
  std::signal(SIGHUP, SIG_IGN);
  Start("trap 'exit 5' USR1; touch started; while :; do sleep 0.05; done");
  Send(SIGHUP);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_FALSE(fs::exists("result"));
  Send(SIGTERM);
  EXPECT_EQ(Result(), "5 0 listened");
  std::signal(SIGHUP, SIG_DFL);
}

// Runs `work` in a process of its own, where signals do no harm.
void InAProcess(const std::function<void()>& work) {
  const pid_t process = fork();
  if (process == 0) {
    work();
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  waitpid(process, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST_F(Launching, LeavesTheCallerAsItWas) {
  InAProcess([] {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    sigprocmask(SIG_SETMASK, &blocked, nullptr);
    EXPECT_EQ(RunLauncher({"sh", "-c", "exit 3"}).exit_status, 3);
    EXPECT_THROW(RunLauncher({"no-such-launcher"}), Error);
    sigset_t now;
    sigprocmask(SIG_BLOCK, nullptr, &now);
    for (int signal = 1; signal < SIGRTMIN; ++signal) {
      EXPECT_EQ(sigismember(&now, signal), signal == SIGUSR2 ? 1 : 0) << signal;
    }
    int is_subreaper = -1;
    prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper);
    EXPECT_EQ(is_subreaper, 0);
  });
}

// A child inherits an ignored SIGCHLD, from a shell's `trap '' CHLD` or Python's SIG_IGN. The alarm
// ends a launch that hangs.
TEST_F(Launching, KnowsTheEndThoughChildrenAreIgnored) {
  InAProcess([] {
    alarm(30);
    std::signal(SIGCHLD, SIG_IGN);
    EXPECT_EQ(RunLauncher({"sh", "-c", "exit 3"}).exit_status, 3);
    EXPECT_EQ(RunLauncher({"sh", "-c", "sleep 0.3 & kill -KILL $$"}).exit_status, 128 + SIGKILL);
    EXPECT_THROW(RunLauncher({"no-such-launcher"}), Error);
    EXPECT_EQ(std::signal(SIGCHLD, SIG_DFL), SIG_IGN) << "the caller's choice is not restored";
  });
  // The script needs bash: dash does not pass an ignored SIGCHLD on.
  const std::string script =
      "trap '' CHLD; exec " + test::ToolPath("run-ranks").string() + " sh -c 'exit 3'";
  EXPECT_EQ(test::RunCommand({"timeout", "30", "bash", "-c", script}).exit_status, 3);
}

// The command, such as mpirun, also waits for its children, so SIGCHLD must not be ignored in it.
TEST_F(Launching, TheCommandDoesNotInheritThatChildrenAreIgnored) {
  InAProcess([] {
    std::signal(SIGCHLD, SIG_IGN);
    // grep replaces the shell and prints its own mask of ignored signals.
    const std::string script = "exec grep SigIgn /proc/self/status >ignored";
    EXPECT_EQ(RunLauncher({"sh", "-c", script}).exit_status, 0);
    const std::string line = ReadFile("ignored");
    const uint64_t mask = std::stoull(line.substr(line.find(':') + 1), nullptr, 16);
    EXPECT_EQ(mask >> (SIGCHLD - 1) & 1, 0U) << line;
  });
}

// The library beside this test raises SIGTERM before main() begins.
TEST_F(Launching, ARequestBeforeMainIsNoLessARequest) {
  const test::CommandResult result = test::RunCommand(
      {test::ToolPath("run-ranks").string(), "sh", "-c",
       "trap 'exit 75' USR1; while :; do sleep 0.05; done"},
      {std::string("LD_PRELOAD=") + REEL3D_EARLY_REQUEST, "REEL3D_EARLY_SIGNAL=15"});
  EXPECT_EQ(result.exit_status, kExitStoppedEarly) << result.err;
}

// This holds even if the command is killed and the launcher waits for the processes that it leaves.
TEST_F(Launching, LeavesTheCallersChildrenToTheCaller) {
  InAProcess([] {
    const pid_t ended = fork();
    if (ended == 0) {
      _exit(7);
    }
    const pid_t lives = fork();
    if (lives == 0) {
      pause();
    }
    EXPECT_EQ(RunLauncher({"sh", "-c", "sleep 0.3 & kill -KILL $$"}).exit_status, 128 + SIGKILL);
    int status = 0;
    EXPECT_EQ(waitpid(ended, &status, 0), ended);
    EXPECT_EQ(WEXITSTATUS(status), 7);
    EXPECT_EQ(waitpid(lives, &status, WNOHANG), 0) << "it is not the launch's to end";
    kill(lives, SIGKILL);
    EXPECT_EQ(waitpid(-1, &status, 0), lives);
    EXPECT_EQ(waitpid(-1, &status, 0), -1) << "the command left a zombie";
  });
}

TEST_F(Launching, ACommandThatCannotStartLeavesNoZombie) {
  InAProcess([] {
    EXPECT_THROW(RunLauncher({"/nonexistent/launcher"}), Error);
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
  });
}

// A command that inherits blocked signals would never receive a request.
TEST_F(Launching, LetsSignalsThroughThatTheCallerBlocks) {
  InAProcess([] {
    const HeldSignals held;
    EXPECT_EQ(RunLauncher({"sh", "-c", "kill -USR1 $$; exit 3"}).exit_status, 128 + SIGUSR1);
  });
}

// Held signals that were not discarded take effect at the end of the scope.
TEST_F(Launching, HeldSignalsTakeEffectUnlessDiscarded) {
  const pid_t process = fork();
  if (process == 0) {
    {
      const HeldSignals held;
      std::raise(SIGTERM);
      held.Discard();
      std::raise(SIGINT);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(process, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) << status;
}

// Options before the first other word belong to the tool, as "--name value" and as "--name=value".
TEST_F(Launching, TheToolKnowsWhereTheLauncherBegins) {
  WriteFileAtomically("run ranks.ini", "status-file = of_config\n");
  const std::string tool = test::ToolPath("run-ranks").string();
  const std::vector<std::string> launcher = {
      "sh", "-c", "echo \"$1,$2,$3\"; exit 9", "--", "--status-file", "", "--help"};
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--status-file", "sh"}, "sh"},
      {{"--status-file=apart"}, "apart"},
      {{"--config", "run ranks.ini"}, "of_config"},
      {{"--config=run ranks.ini"}, "of_config"},
      {{"--log-level", "debug", "--status-file", "b", "--json"}, "b"},
      {{"--log-level=debug", "--json=true", "--status-file", "c", "--"}, "c"},
  };
  for (const auto& [options, status_file] : cases) {
    fs::remove(status_file);
    std::vector<std::string> command = {tool};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), launcher.begin(), launcher.end());
    const auto result = test::RunCommand(command);
    EXPECT_EQ(result.exit_status, 9) << options.front() << ": " << result.err;
    EXPECT_EQ(result.out, "--status-file,,--help\n");
    EXPECT_EQ(ReadFile(status_file), "9\n") << options.front();
  }
  for (const char* option : {"--help", "--version", "--print-config"}) {
    const auto result = test::RunCommand({tool, option, "sh", "-c", "exit 9"});
    EXPECT_EQ(result.exit_status, kExitDone) << option << result.err;
    EXPECT_NE(result.out, "") << option;
  }
  const auto unknown = test::RunCommand({tool, "--status-flie", "st", "true"});
  EXPECT_EQ(unknown.exit_status, kExitUsage);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean status-file?"));
  const auto forgotten = test::RunCommand({tool, "-n", "2", "train-r3d", "shards", "run"});
  EXPECT_EQ(forgotten.exit_status, kExitUsage);
  EXPECT_THAT(forgotten.err, HasSubstr("-n: no such option of run-ranks; the program to start"));
  EXPECT_EQ(test::RunCommand({tool, "--status-file"}).exit_status, kExitUsage);
  EXPECT_EQ(test::RunCommand({tool, ""}).exit_status, kExitUsage);
}

TEST_F(Launching, TheToolSaysWhatItCannotStart) {
  const std::string tool = test::ToolPath("run-ranks").string();
  const auto absent = test::RunCommand({tool, "no-such-launcher", "-n", "2"});
  EXPECT_EQ(absent.exit_status, kExitEnvironment);
  EXPECT_THAT(absent.err, HasSubstr("cannot start no-such-launcher: No such file or directory"));
  EXPECT_EQ(test::RunCommand({tool}).exit_status, kExitUsage);
  const auto options =
      test::RunCommand({tool, "--status-file=status", "sh", "-c", "exit 9", "--help"});
  EXPECT_EQ(options.exit_status, 9);
  EXPECT_EQ(ReadFile("status"), "9\n");
}

// The tool empties the status file first. The status of an earlier run would look like this run's.
TEST_F(Launching, TheToolLeavesNoOtherStatusInTheFile) {
  const std::string tool = test::ToolPath("run-ranks").string();
  WriteFileAtomically("status", "75\n");
  EXPECT_EQ(test::RunCommand({tool, "--status-file", "status", "test", "-s", "status"}).exit_status,
            1)
      << "it is not empty during the run";
  EXPECT_EQ(ReadFile("status"), "1\n");
  EXPECT_EQ(test::RunCommand({tool, "--status-file", "status", "no-such-launcher"}).exit_status,
            kExitEnvironment);
  EXPECT_EQ(ReadFile("status"), "4\n");
  const auto absent =
      test::RunCommand({tool, "--status-file", "absent/status", "touch", "has run"});
  EXPECT_EQ(absent.exit_status, kExitEnvironment);
  EXPECT_FALSE(fs::exists("has run")) << "the fault is found after the run";
}

// reel3d's mpirun comes first in PATH. It must run other programs with the next mpirun unchanged.
TEST_F(Launching, AsMpirunItIsTheNextOneUnlessThatIsToTrain) {
  WriteFileAtomically("mpirun",
                      "#!/bin/sh\necho ran \"$@\" under $(cat /proc/$PPID/comm)\nexit 6\n");
  fs::permissions("mpirun", fs::perms::owner_all);
  const std::string bin = test::ToolPath("mpirun").parent_path().string();
  const std::string path = "PATH=" + bin + ":" + folder_.path().string() + ":/usr/bin:/bin";
  const auto training = test::RunCommand({"env", path, "mpirun", "-n", "2", "/opt/bin/train-r3d"});
  EXPECT_EQ(training.exit_status, 6) << training.err;
  EXPECT_EQ(training.out, "ran -n 2 /opt/bin/train-r3d under mpirun\n");
  const auto other = test::RunCommand({"env", path, "mpirun", "other", "a b"});
  EXPECT_EQ(other.exit_status, 6) << other.err;
  EXPECT_THAT(other.out, HasSubstr("other a b under "));
  EXPECT_THAT(other.out, testing::Not(HasSubstr("under mpirun")));
  const auto none = test::RunCommand({"/usr/bin/env", "PATH=" + bin, "mpirun", "other"});
  EXPECT_EQ(none.exit_status, kExitEnvironment);
  EXPECT_THAT(none.err, HasSubstr("there is no other mpirun in PATH"));
}

}  // namespace
}  // namespace reel3d
