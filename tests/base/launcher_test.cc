// What a launcher does with signals, by shell scripts in its place. The tool runs them, since it
// keeps signals for itself.
// SPDX-License-Identifier: Apache-2.0
#include "lib/base/launcher.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using testing::HasSubstr;

// Notes what it gets in `said`, and what is in `started` first.
constexpr const char* kPrelude = "note() { echo $1 >>said; }; ";

class Launching : public testing::Test {
 protected:
  void SetUp() override { fs::current_path(folder_.path()); }
  void TearDown() override { fs::current_path("/"); }

  // In a process of its own, as the launcher of `sh -c script`.
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

  static void Await(const fs::path& file) {
    for (int i = 0; i < 3000 && !fs::exists(file); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ASSERT_TRUE(fs::exists(file)) << file;
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
    Send(signal);  // as `timeout` does, and a terminal with make
    EXPECT_EQ(Result(), "75 0 listened") << signal;
    EXPECT_EQ(Said(), "up\nusr1\nsaved\n") << signal;
  }
}

TEST_F(Launching, EndsAtOnceIfItIsAskedAgain) {
  // It does not catch what is sent then.
  Start("trap 'note usr1' USR1; touch started; while :; do sleep 0.05; done");
  Send(SIGTERM);
  Await("said");
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  Send(SIGUSR1);  // of another kind: no second request
  Send(SIGTERM);
  EXPECT_EQ(Result(), std::to_string(128 + SIGUSR2) + " " + std::to_string(SIGTERM) + " listened");
}

// As the mpirun beside the tools stands under run-ranks.
TEST_F(Launching, MayStandUnderAnother) {
  const std::string inner = test::ToolPath("run-ranks").string() + " sh -c ";
  Start("exec " + inner +
        "\"trap 'echo usr1 >>said' USR1; touch started; while :; do sleep 0.05; done\"");
  Send(SIGTERM);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // with repeats
  EXPECT_FALSE(fs::exists("result"));
  Send(SIGTERM);
  EXPECT_EQ(Result(), std::to_string(128 + SIGUSR2) + " " + std::to_string(SIGTERM) + " listened");
}

TEST_F(Launching, KnowsACommandThatHadNotBegunToListen) {
  Start("touch started; exec sleep 60");
  Send(SIGTERM);
  EXPECT_EQ(Result(), std::to_string(128 + SIGUSR1) + " 0 deaf");
}

// mpirun hands a signal to no ranks as long as it has not started them.
TEST_F(Launching, RepeatsARequestThatACommandMayHaveLost) {
  Start("trap '' USR1; touch started; sleep 1; trap 'exit 75' USR1; while :; do sleep 0.05; done");
  Send(SIGTERM);
  EXPECT_EQ(Result(), "75 0 listened");
}

// As ranks outlive an mpirun that is killed.
TEST_F(Launching, WaitsForWhatAKilledCommandLeaves) {
  Start("(sleep 1; note rank_ended) & touch started; kill -KILL $$");
  EXPECT_EQ(Result(), std::to_string(128 + SIGKILL) + " 0 listened");
  EXPECT_EQ(Said(), "rank_ended\n");
}

TEST_F(Launching, EndsTheCommandIfItIsKilled) {
  Start("trap 'note term; exit 1' TERM; touch started; while :; do sleep 0.05; done");
  Send(SIGKILL);
  waitpid(process_, nullptr, 0);
  Await("said");
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
  Await("said");
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

// In front of the system's mpirun it must not be in the way of other programs.
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
