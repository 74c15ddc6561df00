// Checks that only one process at a time has a folder's lock, with flock and without it. A lock
// whose process has gone is taken over.
// SPDX-License-Identifier: Apache-2.0
#include "lib/base/work_lock.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <functional>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/timer.h"
#include "tests/test_support.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Errors of flock on file systems without it: FUSE, NFS without lockd, Lustre without -o flock.
constexpr int kNoFlock[] = {ENOSYS, ENOLCK, EOPNOTSUPP, EIO, EBADF};

constexpr uid_t kNobody = 65534;

bool WaitUntil(const std::function<bool()>& happened) {
  for (int i = 0; i < 3000 && !happened(); ++i) {
    usleep(10'000);
  }
  return happened();
}

class Lock : public testing::Test {
 protected:
  static WorkLockOptions Impatient() {
    WorkLockOptions options;
    options.worker = "worker";
    options.patience_s = 0.2;
    options.stale_s = 0.5;
    options.beat_s = 0.1;
    return options;
  }
  static WorkLockOptions WithoutFlock(int error = ENOSYS) {
    WorkLockOptions options = Impatient();
    options.try_flock = [error](int /*descriptor*/) { return error; };
    return options;
  }

  // Returns the error's message if the lock is refused, and "" if this process gets the lock.
  std::string Refusal(const WorkLockOptions& options) const {
    try {
      const WorkLock lock(folder_.path(), options);
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
      return error.what();
    }
  }

  // Returns the Refusal() of a process of a user without rights. The tests may run as root.
  std::string RefusalOfNobody() const {
    const test::TemporaryFolder result;
    chmod(result.path().c_str(), 0777);
    const pid_t child = fork();
    if (child == 0) {
      if (getuid() == 0 && (setgid(kNobody) != 0 || setuid(kNobody) != 0)) {
        _exit(1);
      }
      alarm(30);
      WriteFileAtomically(result / "refusal", Refusal(WithoutFlock()));
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status == 0 ? ReadFile(result / "refusal") : "the process did not end";
  }

  // Takes the lock in another process. The test then kills it, so the lock is not released.
  pid_t TakeInChild(const WorkLockOptions& options) const {
    const pid_t child = fork();
    if (child == 0) {
      const WorkLock lock(folder_.path(), options);
      WriteFileAtomically(folder_ / "taken", "");
      pause();
    }
    EXPECT_TRUE(WaitUntil([&] { return fs::exists(folder_ / "taken"); }));
    return child;
  }
  static void End(pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }

  // Leaves the lock of a process of another machine.
  void LeaveHolderOfOtherHost() const {
    WriteFileAtomically(HolderFile(),
                        R"({"host": "node17", "process": 1, "job": "4711", "since": 1000,)"
                        R"( "process_start": "1", "machine": "another"})");
  }
  fs::path HolderFile() const { return folder_ / kLockHolderFile; }

  test::TemporaryFolder folder_;
};

TEST_F(Lock, OneAtATimeWithFlockAndWithout) {
  for (const WorkLockOptions& options : {Impatient(), WithoutFlock()}) {
    auto first = std::make_unique<WorkLock>(folder_.path(), options);
    EXPECT_TRUE(first->is_held());
    EXPECT_THAT(Refusal(options), HasSubstr("another worker is at work there"));
    first.reset();
    EXPECT_EQ(Refusal(options), "");
    EXPECT_FALSE(fs::exists(HolderFile()));
  }
}

TEST_F(Lock, NoErrorOfFlockCountsAsLockedOrAsFree) {
  for (const int error : kNoFlock) {
    const WorkLock held(folder_.path(), WithoutFlock(error));
    EXPECT_TRUE(held.is_held()) << error;
    EXPECT_THAT(Refusal(WithoutFlock(error)), HasSubstr("at work there")) << error;
  }
}

// One node may mount the file system with flock, and another node without it.
TEST_F(Lock, TheTwoKindsKeepEachOtherOut) {
  {
    const WorkLock held(folder_.path(), Impatient());
    EXPECT_THAT(Refusal(WithoutFlock()), HasSubstr("at work there"));
  }
  const WorkLock held(folder_.path(), WithoutFlock());
  EXPECT_THAT(Refusal(Impatient()), HasSubstr("at work there"));
}

TEST_F(Lock, TheHolderIsNamed) {
  setenv("SLURM_JOB_ID", "815", 1);
  const WorkLock held(folder_.path(), Impatient());
  unsetenv("SLURM_JOB_ID");
  EXPECT_THAT(Refusal(Impatient()),
              AllOf(HasSubstr("process " + std::to_string(getpid()) + " on " + HostName()),
                    HasSubstr("job 815"), HasSubstr("last sign of life ")));
}

TEST_F(Lock, AKilledHoldersLockIsTakenOverAtOnce) {
  for (const WorkLockOptions& options : {Impatient(), WithoutFlock()}) {
    fs::remove(folder_ / "taken");
    const pid_t child = TakeInChild(options);
    EXPECT_THAT(Refusal(options), HasSubstr("process " + std::to_string(child)));
    End(child);
    EXPECT_TRUE(fs::exists(HolderFile()));
    WorkLockOptions other = options;
    other.stale_s = 1000;  // no wait: the process of the lock is gone
    EXPECT_EQ(Refusal(other), "");
  }
}

// The system has given the dead process's number to a new process.
TEST_F(Lock, AnotherProcessOfTheSameNumberIsNotTheHolder) {
  End(TakeInChild(WithoutFlock()));
  nlohmann::json holder = nlohmann::json::parse(ReadFile(HolderFile()));
  holder["process"] = getpid();
  WriteFileAtomically(HolderFile(), holder.dump());
  EXPECT_EQ(Refusal(WithoutFlock()), "");
}

TEST_F(Lock, AHolderOfAnotherHostIsGoneWithoutABeat) {
  LeaveHolderOfOtherHost();
  const Stopwatch clock;
  EXPECT_EQ(Refusal(WithoutFlock()), "");
  EXPECT_GT(clock.Seconds(), 0.25) << "it may have been about to beat";
}

// This host's clock must not matter. The times of the other host's beats are a day in the past,
// now, or a day in the future.
TEST_F(Lock, AHolderOfAnotherHostIsAliveWhileItBeats) {
  for (const int offset_s : {-86400, 0, 86400}) {
    LeaveHolderOfOtherHost();
    int beats = 0;
    WorkLockOptions options = WithoutFlock();
    options.stop = [&] {  // is called every 0.1 s
      timespec times[2] = {{0, UTIME_OMIT}, {time(nullptr) + offset_s, ++beats}};
      utimensat(AT_FDCWD, HolderFile().c_str(), times, 0);
      return beats > 30;
    };
    options.patience_s = 1.2;
    EXPECT_THAT(Refusal(options), AllOf(HasSubstr("on node17"), HasSubstr("job 4711")));
    EXPECT_GE(beats, 2);
    fs::remove(HolderFile());
  }
}

TEST_F(Lock, ADamagedHolderFileBecomesStale) {
  for (const char* text : {"", "{", "[1]", R"({"process": "x", "machine": 3, "host": null})"}) {
    WriteFileAtomically(HolderFile(), text);
    EXPECT_EQ(Refusal(WithoutFlock()), "") << text;
  }
}

TEST_F(Lock, AHolderWhoseLockWasTakenOverIsTold) {
  std::promise<std::string> lost;
  std::future<std::string> told = lost.get_future();
  WorkLockOptions options = WithoutFlock();
  options.on_lost = [&](const std::string& text) { lost.set_value(text); };
  std::string message;
  {
    const WorkLock lock(folder_.path(), options);
    LeaveHolderOfOtherHost();
    if (told.wait_for(std::chrono::seconds(30)) == std::future_status::ready) {
      message = told.get();
    }
  }
  EXPECT_THAT(message, AllOf(HasSubstr("has taken the lock over"), HasSubstr("on node17")));
  EXPECT_TRUE(fs::exists(HolderFile())) << "it is not ours to remove";
}

TEST_F(Lock, ARemovedHolderFileIsPutBack) {
  WorkLockOptions options = WithoutFlock();
  options.stale_s = 60;
  const WorkLock lock(folder_.path(), options);
  fs::remove(HolderFile());
  EXPECT_TRUE(WaitUntil([&] { return fs::exists(HolderFile()); }));
}

TEST_F(Lock, ARequestEndsTheWait) {
  const WorkLock held(folder_.path(), Impatient());
  WorkLockOptions options = Impatient();
  options.patience_s = 1000;
  options.stop = [] { return true; };
  EXPECT_FALSE(WorkLock(folder_.path(), options).is_held());
}

// A process that died while it took over the lock must not block other processes for ever.
TEST_F(Lock, ALeftTakingFileBecomesStale) {
  LeaveHolderOfOtherHost();
  WriteFileAtomically(folder_ / ".lock.taking", "");
  EXPECT_EQ(Refusal(WithoutFlock()), "");
  EXPECT_FALSE(fs::exists(folder_ / ".lock.taking"));
}

TEST_F(Lock, ATakerThatIsAtItKeepsOthersOut) {
  LeaveHolderOfOtherHost();
  const std::string stale = ReadFile(HolderFile());
  int turn = 0;
  WorkLockOptions options = WithoutFlock();
  options.stop = [&] {
    WriteFileAtomically(folder_ / ".lock.taking", std::to_string(++turn));
    return false;
  };
  EXPECT_THAT(Refusal(options), HasSubstr("at work there"));
  EXPECT_EQ(ReadFile(HolderFile()), stale);
}

TEST_F(Lock, ImplausibleTimesOfAHolderAreNotPrinted) {
  for (const char* since : {"1e300", "-9223372036854775808", "9223372036854775807", "\"x\""}) {
    WriteFileAtomically(HolderFile(), std::string(R"({"host": "node17", "process": 1, "since": )") +
                                          since + R"(, "machine": "another"})");
    const timespec far_future[] = {{int64_t{1} << 40, 0}, {int64_t{1} << 40, 0}};
    utimensat(AT_FDCWD, HolderFile().c_str(), far_future, 0);
    testing::internal::CaptureStderr();
    Refusal(Impatient());
    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                testing::AllOf(HasSubstr("process 1 on node17, for "),
                               testing::Not(testing::ContainsRegex("-[0-9]+ (h|min|s)"))))
        << since;
  }
}

TEST_F(Lock, AHolderThatCannotBeReplacedIsAnError) {
  fs::create_directory(HolderFile());
  EXPECT_THAT(Refusal(WithoutFlock()), HasSubstr("lock.holder"));
  EXPECT_FALSE(fs::exists(folder_ / ".lock.taking"));
}

TEST_F(Lock, AForeignHolderInAStickyFolderIsAnError) {
  LeaveHolderOfOtherHost();
  WriteFileAtomically(folder_ / kLockFile, "");
  chmod(folder_.path().c_str(), 01777);
  EXPECT_THAT(RefusalOfNobody(), HasSubstr("lock.holder"));
}

TEST_F(Lock, AnUnreadableHolderBecomesStale) {
  LeaveHolderOfOtherHost();
  chmod(HolderFile().c_str(), 0);
  chmod(folder_.path().c_str(), 0777);
  EXPECT_EQ(RefusalOfNobody(), "");
}

// The lock learns the file system's time by touching the lock file. Another user's file cannot be
// touched.
TEST_F(Lock, AForeignLockFileTellsTimesAllTheSame) {
  WriteFileAtomically(folder_ / kLockFile, "");
  timespec times[2] = {{1000, 0}, {1000, 0}};
  utimensat(AT_FDCWD, (folder_ / kLockFile).c_str(), times, 0);
  const WorkLock held(folder_.path(), WithoutFlock());
  utimensat(AT_FDCWD, (folder_ / kLockFile).c_str(), times, 0);
  chmod((folder_ / kLockFile).c_str(), 0644);
  chmod(folder_.path().c_str(), 0777);
  const std::string message = RefusalOfNobody();
  EXPECT_THAT(message, HasSubstr("last sign of life "));
  EXPECT_THAT(message, Not(HasSubstr("life -")));
  chmod(folder_.path().c_str(), 0755);
  EXPECT_THAT(RefusalOfNobody(), AllOf(HasSubstr("process "), Not(HasSubstr("sign of life"))));
}

// Many processes find a stale lock at the same moment. Two of them must never have it at once.
TEST_F(Lock, ManyTakersOfAStaleLock) {
  constexpr int kTakers = 12;
  LeaveHolderOfOtherHost();
  std::vector<pid_t> takers;
  for (int i = 0; i < kTakers; ++i) {
    takers.push_back(fork());
    if (takers.back() == 0) {
      WorkLockOptions options = WithoutFlock();
      options.patience_s = 60;
      const WorkLock lock(folder_.path(), options);
      const bool is_alone = mkdir((folder_ / "inside").c_str(), 0777) == 0;
      usleep(20'000);
      rmdir((folder_ / "inside").c_str());
      _exit(is_alone ? 0 : 1);  // leaves lock.holder behind
    }
  }
  for (const pid_t taker : takers) {
    int status = 0;
    waitpid(taker, &status, 0);
    EXPECT_EQ(status, 0);
  }
}

}  // namespace
}  // namespace reel3d
