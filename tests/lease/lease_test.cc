// Checks that one process at a time holds a lease, that a lease whose holder has gone has one new
// holder, and that nothing depends on the clocks of hosts.
// SPDX-License-Identifier: Apache-2.0
#include "lib/lease/lease.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <memory>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/timer.h"
#include "lib/lease/lease_folder.h"
#include "tests/open_count.h"
#include "tests/test_support.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr LeaseTimes kQuick{0.6};
constexpr LeaseTimes kSlow{1000};

bool WaitUntil(const std::function<bool()>& happened, double seconds = 30) {
  const Stopwatch clock;
  while (clock.Seconds() < seconds) {
    if (happened()) {
      return true;
    }
    usleep(10'000);
  }
  return false;
}

// Forks a process that ends with this one.
pid_t Fork() {
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
  }
  return child;
}

class LeaseTest : public testing::Test {
 protected:
  LeaseFolder Folder(LeaseTimes times = kSlow) const { return {folder_ / "leases", times}; }
  fs::path LeaseFile() const { return folder_ / "leases" / "7.lease"; }

  // Takes the lease in another process, which keeps it until it is killed.
  pid_t TakeInChild(LeaseTimes times) const {
    const pid_t child = Fork();
    if (child == 0) {
      LeaseFolder folder = Folder(times);
      const std::unique_ptr<Lease> lease = folder.Take("7");
      WriteFileAtomically(folder_ / "taken", lease ? "yes" : "no");
      pause();
    }
    EXPECT_TRUE(WaitUntil([&] { return fs::exists(folder_ / "taken"); }));
    return child;
  }
  static void End(pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }

  // Writes the lease of a process on another machine.
  void WriteOfOtherHost(int64_t beat) const {
    LeaseState state;
    state.holder = {"node17", 1, "815", "1", "another machine"};
    state.token = "abc";
    state.beat = beat;
    fs::create_directories(folder_ / "leases");
    WriteFileAtomically(LeaseFile(), FormatLease(state));
  }

  test::TemporaryFolder folder_;
};

TEST_F(LeaseTest, OneHolderAtATime) {
  LeaseFolder one = Folder();
  LeaseFolder other = Folder();
  std::unique_ptr<Lease> lease = one.Take("7");
  ASSERT_TRUE(lease);
  EXPECT_TRUE(lease->IsOurs());
  EXPECT_FALSE(other.Take("7"));
  EXPECT_FALSE(one.Take("7"));
  EXPECT_TRUE(other.Take("8"));
  EXPECT_THAT(HeldLeases(folder_ / "leases"), ElementsAre("7"));
  lease.reset();
  EXPECT_THAT(HeldLeases(folder_ / "leases"), IsEmpty());
  EXPECT_TRUE(other.Take("7"));
}

TEST_F(LeaseTest, AKilledHolderOfThisMachineIsReplacedAtOnce) {
  const pid_t child = TakeInChild(kSlow);
  LeaseFolder folder = Folder();
  EXPECT_FALSE(folder.Take("7"));
  End(child);
  const std::unique_ptr<Lease> lease = folder.Take("7");
  ASSERT_TRUE(lease);
  EXPECT_TRUE(lease->IsOurs());
  const std::vector<LeaseState> ended = folder.Ended("7");
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].holder.process, child);
  folder.ForgetEnded("7");
  EXPECT_THAT(folder.Ended("7"), IsEmpty());
  EXPECT_TRUE(lease->IsOurs());
}

// A stage asks for each of thousands of slices, perhaps over a network.
TEST_F(LeaseTest, OneListingSaysWhichLeasesAreFresh) {
  LeaseFolder folder = Folder();
  EXPECT_TRUE(folder.IsFresh("7"));
  folder.Take("7")->Fail("no space");
  const std::unique_ptr<Lease> lease = folder.Take("8");
  folder.LookAtHeld();
  test::OpenCount opened(folder_ / "leases");
  EXPECT_FALSE(folder.IsFresh("7"));
  EXPECT_FALSE(folder.IsFresh("8"));
  EXPECT_TRUE(folder.IsFresh("9"));
  EXPECT_EQ(opened.Take(), 0);
  folder.LookAtHeld();
  EXPECT_GT(opened.Take(), 0);
  folder.ForgetEnded("7");
  folder.LookAtHeld();
  EXPECT_TRUE(folder.IsFresh("7"));
}

TEST_F(LeaseTest, AProcessWithTheSameNumberIsAnother) {
  LeaseState state;
  state.holder = OwnMark();
  state.holder.process_start = "1";
  fs::create_directories(folder_ / "leases");
  WriteFileAtomically(LeaseFile(), FormatLease(state));
  EXPECT_TRUE(Folder().Take("7"));
}

TEST_F(LeaseTest, AHolderElsewhereIsReplacedWhenItsBeatsStop) {
  LeaseFolder folder = Folder(kQuick);
  WriteOfOtherHost(1);
  // Times of the file mean nothing: the clock of its host may be wrong by any amount.
  timespec old[2] = {};
  utimensat(AT_FDCWD, LeaseFile().c_str(), old, 0);
  EXPECT_FALSE(folder.Take("7"));
  const Stopwatch alive;
  for (int64_t beat = 2; alive.Seconds() < 2 * kQuick.stale_s; ++beat) {
    WriteOfOtherHost(beat);
    EXPECT_FALSE(folder.Take("7"));
    usleep(50'000);
  }
  const Stopwatch silent;
  WriteOfOtherHost(0);
  std::unique_ptr<Lease> lease;
  EXPECT_TRUE(WaitUntil([&] { return (lease = folder.Take("7")) != nullptr; }));
  EXPECT_GE(silent.Seconds(), kQuick.stale_s);
  ASSERT_THAT(folder.Ended("7"), SizeIs(1));
  EXPECT_EQ(NameProcess(folder.Ended("7")[0].holder), "process 1 on node17, job 815");
}

TEST_F(LeaseTest, APauseOfTheObserverIsNoSilenceOfTheHolder) {
  LeaseFolder folder = Folder(kQuick);
  WriteOfOtherHost(1);
  EXPECT_FALSE(folder.Take("7"));
  usleep(static_cast<useconds_t>(3e6 * kQuick.stale_s));
  EXPECT_FALSE(folder.Take("7"));
}

TEST_F(LeaseTest, AHolderThatBeatsKeepsItsLeaseAndOneThatStandsStillLosesIt) {
  const pid_t child = TakeInChild(kQuick);
  // Beats may be late on a busy machine, so this observer is patient.
  LeaseFolder patient = Folder();
  const auto beat = [&] { return ParseLease(ReadFile(LeaseFile())).beat; };
  EXPECT_TRUE(WaitUntil([&] {
    EXPECT_FALSE(patient.Take("7"));
    return beat() >= 3;
  }));
  kill(child, SIGSTOP);
  LeaseFolder folder = Folder(kQuick);
  std::unique_ptr<Lease> lease;
  EXPECT_TRUE(WaitUntil([&] { return (lease = folder.Take("7")) != nullptr; }));
  kill(child, SIGCONT);
  usleep(300'000);  // the child beats, and must not harm the new lease
  EXPECT_TRUE(lease->IsOurs());
  EXPECT_EQ(ParseLease(ReadFile(LeaseFile())).holder.process, getpid());
  End(child);
}

TEST_F(LeaseTest, ALostLeaseIsNotGivenBack) {
  LeaseFolder folder = Folder();
  std::unique_ptr<Lease> lost = folder.Take("7");
  fs::rename(LeaseFile(), EndedName(LeaseFile(), "other"));
  const std::unique_ptr<Lease> next = folder.Take("7");
  ASSERT_TRUE(next);
  EXPECT_FALSE(lost->IsOurs());
  lost->Fail("too late");
  lost.reset();
  EXPECT_TRUE(next->IsOurs());
  EXPECT_THAT(folder.Ended("7"), SizeIs(1));
}

TEST_F(LeaseTest, AFailureIsRecorded) {
  LeaseFolder folder = Folder();
  const std::unique_ptr<Lease> lease = folder.Take("7");
  lease->Note("bad_video", 3, /*at_once=*/true);
  EXPECT_EQ(ParseLease(ReadFile(LeaseFile())).at, "bad_video");
  lease->Note("worse_video", 4, /*at_once=*/false);
  EXPECT_EQ(ParseLease(ReadFile(LeaseFile())).at, "bad_video");
  lease->Fail("no space");
  EXPECT_FALSE(fs::exists(LeaseFile()));
  const std::vector<LeaseState> ended = folder.Ended("7");
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].at, "worse_video");
  EXPECT_EQ(ended[0].num_finished, 4);
  EXPECT_EQ(ended[0].fault, "no space");
  EXPECT_TRUE(folder.Take("7"));
}

// A shorter text must leave nothing of a longer one.
TEST_F(LeaseTest, NotesOfAnyLengthAreReadBack) {
  LeaseFolder folder = Folder();
  const std::unique_ptr<Lease> lease = folder.Take("7");
  for (const size_t length : {100'000, 10, 0, 500}) {
    lease->Note(std::string(length, 'x'), 0, /*at_once=*/true);
    const LeaseState state = ParseLease(ReadFile(LeaseFile()));
    EXPECT_EQ(state.holder.process, getpid());
    EXPECT_EQ(state.at.substr(0, 500), std::string(std::min<size_t>(length, 500), 'x'));
  }
}

TEST_F(LeaseTest, DamagedLeasesGoStale) {
  for (const char* text : {"", "{", "[1]", R"({"process": "x", "machine": 3, "token": null})"}) {
    fs::create_directories(folder_ / "leases");
    WriteFileAtomically(LeaseFile(), text);
    LeaseFolder folder = Folder(kQuick);
    EXPECT_FALSE(folder.Take("7")) << text;
    std::unique_ptr<Lease> lease;
    EXPECT_TRUE(WaitUntil([&] { return (lease = folder.Take("7")) != nullptr; })) << text;
  }
}

TEST_F(LeaseTest, AFolderThatIsRemovedIsMadeAgain) {
  LeaseFolder folder = Folder();
  std::unique_ptr<Lease> lease = folder.Take("7");
  fs::remove_all(folder_ / "leases");
  EXPECT_FALSE(lease->IsOurs());
  EXPECT_TRUE(folder.Take("7"));
  fs::remove_all(folder_.path());
  EXPECT_THROW(folder.Take("7"), Error);
}

// Each round, processes wait for a lease of a process that is dead. All find it stale at the same
// time. At most one gets it and keeps it, although others have judged the lease before it. A second
// may get it first and then know that it has lost it.
TEST_F(LeaseTest, OneOfManyTakesAStaleLeaseOver) {
  constexpr int kRounds = 40;
  constexpr int kProcesses = 6;
  for (int round = 0; round < kRounds; ++round) {
    LeaseState dead;
    dead.holder = OwnMark();
    dead.holder.process_start = "1";
    fs::create_directories(folder_ / "leases");
    WriteFileAtomically(LeaseFile(), FormatLease(dead));
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; ++i) {
      children.push_back(Fork());
      if (children.back() == 0) {
        LeaseFolder folder = Folder();
        while (!fs::exists(folder_ / "go")) {
          usleep(100);
        }
        const std::unique_ptr<Lease> lease = folder.Take("7");
        WriteFileAtomically(folder_ / fmt::format("tried-{}", i), "");
        while (!fs::exists(folder_ / "over")) {
          usleep(1000);
        }
        _exit(!lease ? 0 : lease->IsOurs() ? 1 : 2);  // keeps the lease file
      }
    }
    usleep(5'000);
    WriteFileAtomically(folder_ / "go", "");
    for (int i = 0; i < kProcesses; ++i) {
      const fs::path tried = folder_ / fmt::format("tried-{}", i);
      EXPECT_TRUE(WaitUntil([&] { return fs::exists(tried); }));
      fs::remove(tried);
    }
    WriteFileAtomically(folder_ / "over", "");
    std::vector<int> results(3);
    for (const pid_t child : children) {
      int status = 0;
      waitpid(child, &status, 0);
      ++results.at(WEXITSTATUS(status));
    }
    EXPECT_EQ(results[1], 1) << "round " << round;
    fs::remove_all(folder_ / "leases");
    fs::remove(folder_ / "go");
    fs::remove(folder_ / "over");
  }
}

}  // namespace
}  // namespace reel3d
