// Stops train-r3d through the program that started it: run-ranks, reel3d's own mpirun, or make in a
// terminal. The request comes before the first step, or in a step longer than mpirun's patience.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <pty.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <optional>

#include "lib/base/error.h"
#include "tests/train/interrupted_run.h"

namespace reel3d::test {
namespace {

using testing::HasSubstr;

// Returns "" if there is no such file. The size of a file of /proc is always 0.
std::string TextOf(const std::string& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class Launch : public InterruptedRun {
 protected:
  // Returns the command that trains under `launcher`.
  static Words By(const Words& launcher, const std::string& run_dir, const Words& more = {}) {
    Words words = launcher;
    const Words training = Command(0, run_dir, more);
    words.insert(words.end(), training.begin(), training.end());
    return words;
  }
  static Words RunRanks() {
    return {ToolPath("run-ranks").string(), "mpirun", "--oversubscribe", "-n", "2"};
  }

  // Returns an environment in which a read during training makes the folder `Held(run_dir)` and
  // waits until the test removes it.
  static fs::path Held(const std::string& run_dir) { return At(run_dir + "_held"); }
  static Words Holding(const std::string& run_dir, const char* rank = "1") {
    return {std::string("LD_PRELOAD=") + REEL3D_STALLING_READS,
            std::string("REEL3D_BAD_RANK=") + rank, "REEL3D_BAD_READS=" + Held(run_dir).string(),
            "REEL3D_GOOD_READS=40"};
  }

  // Returns whether `words` are in a file that is the standard error of a process of the run. The
  // standard error of a rank is a pipe, which only its launcher may read.
  static bool HasSaid(const std::string& run_dir, const std::string& words) {
    for (const int process : ProcessesOf(run_dir)) {
      const fs::path file = "/proc/" + std::to_string(process) + "/fd/2";
      std::error_code gone;
      if (fs::is_regular_file(file, gone) && TextOf(file).find(words) != std::string::npos) {
        return true;
      }
    }
    return false;
  }

  // Returns the process that this test has started for the run, or -1.
  static int LauncherOf(const std::string& run_dir) {
    for (const int process : ProcessesOf(run_dir)) {
      const std::string status = TextOf("/proc/" + std::to_string(process) + "/status");
      if (status.find("\nPPid:\t" + std::to_string(getpid()) + "\n") != std::string::npos) {
        return process;
      }
    }
    return -1;
  }

  // Sends `signal` to the launcher. kill() with the process -1 would signal all processes.
  static void SignalLauncher(const std::string& run_dir, int signal) {
    const int launcher = LauncherOf(run_dir);
    ASSERT_GT(launcher, 1) << "nothing runs for " << run_dir;
    kill(launcher, signal);
  }

  // Sends `signal` to the launcher in a step that takes two more seconds. mpirun waits only one
  // second before it kills ranks.
  static CommandResult StopInALongStep(const Words& command, const std::string& run_dir, int signal,
                                       const char* rank = "1") {
    auto job =
        std::async(std::launch::async, [&] { return RunCommand(command, Holding(run_dir, rank)); });
    EXPECT_TRUE(WaitUntil([&] { return fs::exists(Held(run_dir)); }));
    SignalLauncher(run_dir, signal);
    job.wait_for(std::chrono::seconds(2));
    fs::remove(Held(run_dir));
    return job.get();
  }

  // Trains without interruption, once for all tests. Returns the run's name.
  static const char* Undisturbed() {
    static const CommandResult result = RunCommand(By(RunRanks(), "undisturbed"));
    EXPECT_EQ(result.exit_status, kExitDone) << result.err;
    return "undisturbed";
  }

  static void ExpectItGoesOnFromWhereItStopped(const std::string& run_dir) {
    EXPECT_TRUE(ProcessesOf(run_dir).empty()) << "they outlive the launcher";
    EXPECT_TRUE(fs::exists(fs::path(At(run_dir)) / "checkpoints/latest/DONE"));
    const CommandResult resumed = RunCommand(By(RunRanks(), run_dir));
    EXPECT_EQ(resumed.exit_status, kExitDone) << resumed.err;
    EXPECT_THAT(resumed.err, HasSubstr("going on from step "));
    ExpectSameEnd(run_dir, Undisturbed());
  }
};

TEST_F(Launch, ARequestIsGivenTheTimeThatAStepTakes) {
  std::vector<std::future<CommandResult>> jobs;
  const std::array<int, 4> signals = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
  const auto run_dir = [](int signal) { return "signal" + std::to_string(signal); };
  for (const int signal : signals) {
    jobs.push_back(std::async(std::launch::async, [signal, name = run_dir(signal)] {
      return StopInALongStep(By(RunRanks(), name), name, signal);
    }));
  }
  for (size_t i = 0; i < signals.size(); ++i) {
    const CommandResult stopped = jobs[i].get();
    const std::string name = run_dir(signals[i]);
    EXPECT_EQ(stopped.exit_status, kExitStoppedEarly) << name << ": " << stopped.err;
    EXPECT_THAT(stopped.err, HasSubstr("asked to stop: the step in hand is finished"));
    EXPECT_TRUE(ProcessesOf(name).empty());
    EXPECT_TRUE(fs::exists(fs::path(At(name)) / "checkpoints/latest/DONE"));
  }
  ExpectItGoesOnFromWhereItStopped(run_dir(SIGTERM));
}

TEST_F(Launch, SoItIsByTheMpirunBesideTheTools) {
  const Words mpirun = {ToolPath("mpirun").string(), "--oversubscribe", "-n", "2"};
  const CommandResult stopped = StopInALongStep(By(mpirun, "mpirun"), "mpirun", SIGTERM);
  EXPECT_EQ(stopped.exit_status, kExitStoppedEarly) << stopped.err;
  ExpectItGoesOnFromWhereItStopped("mpirun");
}

TEST_F(Launch, SoItIsWithoutALauncher) {
  const CommandResult stopped = StopInALongStep(Command(0, "alone"), "alone", SIGTERM, "0");
  EXPECT_EQ(stopped.exit_status, kExitStoppedEarly) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("asked to stop: the step in hand is finished"));
}

// Ranks under mpirun alone are killed before they can save. The message recommends run-ranks.
TEST_F(Launch, MpirunAloneSaysWhatItTakes) {
  const Words mpirun = {"/usr/bin/env", "mpirun", "--oversubscribe", "-n", "2"};
  const CommandResult ended = StopInALongStep(By(mpirun, "bare"), "bare", SIGTERM);
  EXPECT_EQ(ended.exit_status, kExitFailed) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("start it as `run-ranks mpirun ...`"));
}

TEST_F(Launch, ASecondRequestEndsAtOnce) {
  const std::string run_dir = "twice";
  auto job = std::async(std::launch::async,
                        [&] { return RunCommand(By(RunRanks(), run_dir), Holding(run_dir)); });
  ASSERT_TRUE(WaitUntil([&] { return fs::exists(Held(run_dir)); }));
  SignalLauncher(run_dir, SIGTERM);
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  SignalLauncher(run_dir, SIGTERM);
  EXPECT_EQ(job.get().exit_status, 128 + SIGTERM);
  EXPECT_TRUE(ProcessesOf(run_dir).empty());
}

// A terminal sends the signal of Ctrl-C to make and to all its children in the same session.
TEST_F(Launch, CtrlCInATerminalReachesMakeAndIsGivenTheTime) {
  const fs::path configs = At("configs");
  fs::create_directories(configs);
  fs::create_directories(At("settings"));
  std::string settings;
  for (const char* line : {"depth = 10", "width = 0.125", "sample-size = 32", "batch = 8",
                           "lr = 0.05", "epochs = 2", "threads = 1"}) {
    settings += std::string(line) + "\n";
  }
  for (const char* stage : {"videos", "list", "prep", "pack", "train", "score", "evaluate"}) {
    const bool is_ours = std::string(stage) == "train";
    const fs::path seen = At("settings") + "/" + stage + ".ini";
    WriteFileAtomically(seen, is_ours ? settings : "");
    fs::last_write_time(seen, fs::last_write_time(At("videos.tsv")) - std::chrono::hours(1));
  }
  WriteFileAtomically(configs / "train.ini", settings);
  const Words environment = Holding("train");
  const Words command = {"make",
                         "-f",
                         "Makefile.workflow",
                         "train",
                         "EXP=typed",
                         "RANKS=2",
                         "BUILD=no",
                         "LIST=no",
                         "VIDEOS=" + At("videos"),
                         "RUN=" + At(""),
                         "BIN=" + ToolPath("").string(),
                         "CONFIGS=" + configs.string()};
  int terminal = -1;
  const pid_t make = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (make == 0) {
    fs::current_path(SourceFolder());
    for (const std::string& variable : environment) {
      putenv(const_cast<char*>(variable.c_str()));
    }
    std::vector<char*> words;
    for (const std::string& word : command) {
      words.push_back(const_cast<char*>(word.c_str()));
    }
    words.push_back(nullptr);
    execvp("make", words.data());
    _exit(1);
  }
  std::string shown;
  std::thread reader([&] {  // ends when no process has the terminal open
    std::array<char, 4096> bytes{};
    ssize_t size = 0;
    while ((size = read(terminal, bytes.data(), bytes.size())) > 0) {
      shown.append(bytes.data(), static_cast<size_t>(size));
    }
  });
  EXPECT_TRUE(WaitUntil([&] { return fs::exists(Held("train")); }));
  EXPECT_EQ(write(terminal, "\x03", 1), 1);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  fs::remove(Held("train"));
  int status = 0;
  waitpid(make, &status, 0);
  EXPECT_TRUE(ProcessesOf("train").empty()) << "make has not waited";
  reader.join();
  close(terminal);
  EXPECT_THAT(shown, HasSubstr("Error 75"));
  EXPECT_TRUE(fs::exists(At("train") + "/checkpoints/latest/DONE"));
  ExpectItGoesOnFromWhereItStopped("train");
}

// A request may come at any time, even while libraries are loading.
TEST_F(Launch, ARequestBeforeTheFirstStepIsNoFailure) {
  int number = 0;
  for (const Words& launcher : {Words{ToolPath("run-ranks").string()}, RunRanks()}) {
    for (const double delay_s : {0., 0.2, 0.7}) {
      const std::string run_dir = "early" + std::to_string(number++);
      auto job = std::async(std::launch::async, [&] {
        return RunCommand(By(launcher, run_dir, {"--epochs", "100000", "--lr", "0.001"}));
      });
      WaitUntil([&] { return ProcessesOf(run_dir).size() > 1; });
      std::this_thread::sleep_for(std::chrono::duration<double>(delay_s));
      SignalLauncher(run_dir, SIGTERM);
      const CommandResult result = job.get();
      EXPECT_EQ(result.exit_status, kExitStoppedEarly) << delay_s << " s: " << result.err;
      EXPECT_THAT(result.err + result.out, HasSubstr("stopped "));
      EXPECT_TRUE(ProcessesOf(run_dir).empty());
    }
  }
}

// Holds the lock of a run in this process, like another train-r3d.
class TakenLock {
 public:
  explicit TakenLock(const fs::path& run_dir) {
    fs::create_directories(run_dir);
    descriptor_ = open((run_dir / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    EXPECT_EQ(flock(descriptor_, LOCK_EX | LOCK_NB), 0);
  }
  ~TakenLock() { close(descriptor_); }
  TakenLock(const TakenLock&) = delete;
  TakenLock& operator=(const TakenLock&) = delete;

 private:
  int descriptor_ = -1;
};

TEST_F(Launch, ATakenRunIsWaitedForAWhile) {
  const TakenLock taken(At("taken"));
  const CommandResult refused = RunCommand(Command(0, "taken"));
  EXPECT_EQ(refused.exit_status, kExitEnvironment) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("waiting up to 10 s for it to end"));
  EXPECT_THAT(refused.err, HasSubstr("another train-r3d is at work there; wait for it or end it"));
}

TEST_F(Launch, AJobThatWasQueuedAgainWaitsLonger) {
  const std::string run_dir = "requeued";
  const TakenLock taken(At(run_dir));
  auto job = std::async(std::launch::async, [&] {
    return test::RunCommand(Command(0, run_dir), {"SLURM_RESTART_COUNT=1"});
  });
  ASSERT_TRUE(
      test::WaitUntil([&] { return HasSaid(run_dir, "waiting up to 300 s for it to end"); }));
  SignalLauncher(run_dir, SIGTERM);
  EXPECT_EQ(job.get().exit_status, kExitStoppedEarly);
}

TEST_F(Launch, ATakenRunBeginsWhenTheOtherHasEnded) {
  std::optional<TakenLock> taken(At("freed"));
  auto job = std::async(std::launch::async, [&] {
    return RunCommand(Command(0, "freed", {"--stop-after-steps", "1"}));
  });
  ASSERT_TRUE(WaitUntil([] { return HasSaid("freed", "waiting up to 10 s for it to end"); }));
  taken.reset();
  const CommandResult begun = job.get();
  EXPECT_EQ(begun.exit_status, kExitStoppedEarly) << begun.err;
  EXPECT_TRUE(fs::exists(At("freed") + "/checkpoints/latest/DONE"));
}

// The lock stays taken, so only the request can end the wait. Tests one process and two ranks.
TEST_F(Launch, ARequestEndsTheWaitForATakenRun) {
  for (const bool alone : {true, false}) {
    const std::string run_dir = alone ? "waits_alone" : "waits";
    const TakenLock taken(At(run_dir));
    auto job = std::async(std::launch::async, [&] {
      return RunCommand(alone ? Command(0, run_dir) : By(RunRanks(), run_dir));
    });
    ASSERT_TRUE(WaitUntil([&] { return HasSaid(run_dir, "for it to end"); }));
    SignalLauncher(run_dir, SIGTERM);
    const CommandResult stopped = job.get();
    EXPECT_EQ(stopped.exit_status, kExitStoppedEarly) << stopped.err;
    EXPECT_THAT(stopped.out, HasSubstr("stopped before training had begun"));
    EXPECT_FALSE(fs::exists(At(run_dir) + "/checkpoints"));
    EXPECT_TRUE(ProcessesOf(run_dir).empty());
  }
}

// The ranks of a killed mpirun run on for a moment, so the new command has to wait for their lock.
TEST_F(Launch, TheSameCommandRightAfterMpirunWasKilledGoesOn) {
  const Words more = {"--epochs", "100000", "--lr", "0.001"};
  const Words command = Command(2, "killed", more);
  auto job = std::async(std::launch::async, [&] { return RunCommand(command); });
  ASSERT_TRUE(WaitUntil([] { return fs::exists(At("killed") + "/checkpoints/latest"); }));
  SignalLauncher("killed", SIGKILL);
  EXPECT_EQ(job.get().exit_status, 128 + SIGKILL);
  Words again = more;
  again.insert(again.end(), {"--stop-after-steps", "1"});
  const CommandResult resumed = RunCommand(Command(2, "killed", again));
  EXPECT_EQ(resumed.exit_status, kExitStoppedEarly) << resumed.err;
  EXPECT_THAT(resumed.err, HasSubstr("going on from step "));
}

}  // namespace
}  // namespace reel3d::test
