// If a rank is stopped, hangs or fails, the job must end, name the rank, and leave a good
// checkpoint.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "tests/train/interrupted_run.h"

namespace reel3d::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// Limit for the complete command on a busy machine: the time-out and much more than ten seconds.
constexpr double kMost_s = 90;

class HangingRun : public InterruptedRun {
 protected:
  static Words EndlessCommand(int ranks, const std::string& run_dir, const Words& more = {}) {
    Words all = {"--epochs", "100000", "--lr", "0.001"};
    all.insert(all.end(), more.begin(), more.end());
    return Command(ranks, run_dir, all);
  }

  static Words HangingCommand(int ranks, const std::string& run_dir, const Words& more = {}) {
    Words all = {"--stall-timeout", "5"};
    all.insert(all.end(), more.begin(), more.end());
    return EndlessCommand(ranks, run_dir, all);
  }

  static void ExpectNothingLeftButAGoodCheckpoint(int ranks, const std::string& run_dir,
                                                  Words more = {}) {
    EXPECT_TRUE(ProcessesOf(run_dir).empty());
    more.insert(more.end(), {"--stop-after-steps", "1"});
    const CommandResult resumed = RunCommand(EndlessCommand(ranks, run_dir, more));
    EXPECT_EQ(resumed.exit_status, kExitStoppedEarly) << resumed.err;
    EXPECT_THAT(resumed.err, HasSubstr("going on from step "));
    EXPECT_FALSE(fs::exists(fs::path(At(run_dir)) / "heartbeats")) << "it ended well";
  }

  // Stops rank 1 of 2. The other rank must report the stopped rank's name and place.
  static void ExpectAStoppedRankIsNamed(const std::string& run_dir, const Words& more = {}) {
    auto job = std::async(std::launch::async,
                          [&] { return RunCommand(HangingCommand(2, run_dir, more)); });
    WaitUntil([&] { return fs::exists(fs::path(At(run_dir)) / "checkpoints/latest"); });
    const int victim = RankOf(run_dir, 1);
    if (victim > 0) {
      kill(victim, SIGSTOP);
    }
    if (victim <= 0 ||
        job.wait_for(std::chrono::duration<double>(kMost_s)) != std::future_status::ready) {
      for (const int process : ProcessesOf(run_dir)) {
        kill(process, SIGKILL);
      }
      FAIL() << (victim > 0 ? "the job went on" : "there was no rank 1");
    }
    const CommandResult result = job.get();
    EXPECT_EQ(result.exit_status, kExitEnvironment) << result.err;
    EXPECT_THAT(result.err, HasSubstr("rank 1 on " + HostName() + " gives no sign of life"));
    ExpectNothingLeftButAGoodCheckpoint(2, run_dir, more);
  }

  // Returns an environment in which the reads of one rank hang or fail after some epochs.
  static Words BadReads(const std::string& how, const std::string& rank) {
    return {std::string("LD_PRELOAD=") + REEL3D_STALLING_READS, "REEL3D_BAD_RANK=" + rank,
            "REEL3D_BAD_READS=" + how, "REEL3D_GOOD_READS=600"};
  }
};

TEST_F(HangingRun, AStoppedRankIsNamedByAnother) { ExpectAStoppedRankIsNamed("stopped"); }

// The other rank waits for the stopped one inside its forward or backward pass.
TEST_F(HangingRun, AStoppedRankIsNamedWhereBatchNormsWait) {
  ExpectAStoppedRankIsNamed("stopped_sync", {"--bn", "sync"});
}

TEST_F(HangingRun, ARankThatHangsInReadingSaysWhere) {
  for (const auto& [ranks, bn] :
       {std::pair(0, "local"), std::pair(2, "local"), std::pair(2, "sync")}) {
    const std::string run_dir = fmt::format("hanging_{}_{}", ranks, bn);
    const std::string bad = ranks == 0 ? "0" : "1";
    const CommandResult result =
        RunCommand(HangingCommand(ranks, run_dir, {"--bn", bn}), BadReads("hang", bad));
    EXPECT_EQ(result.exit_status, kExitEnvironment) << result.err;
    EXPECT_THAT(result.err, HasSubstr("rank " + bad + " of " + std::to_string(std::max(1, ranks)) +
                                      " on " + HostName() + " does not move on"));
    EXPECT_THAT(result.err,
                testing::ContainsRegex("(waiting for data|validating) for [0-9]+ s at step [0-9]+, "
                                       "loading [a-z]+"));
    EXPECT_THAT(result.err, HasSubstr("the main one"));
    EXPECT_THAT(result.err, Not(HasSubstr("rank 0 of 2 on " + HostName() + " does not move on")))
        << "the one to blame is the first to speak";
    EXPECT_THAT(result.err, HasSubstr("BatchLoader")) << "stacks have names";
    ExpectNothingLeftButAGoodCheckpoint(ranks, run_dir, {"--bn", bn});
  }
}

// A killed rank can report nothing; the launcher reports it and ends the others.
TEST_F(HangingRun, ARankThatIsKilledIsNamed) {
  auto job = std::async(std::launch::async, [] { return RunCommand(HangingCommand(2, "killed")); });
  WaitUntil([] { return fs::exists(fs::path(At("killed")) / "checkpoints/latest"); });
  const int victim = RankOf("killed", 1);
  ASSERT_GT(victim, 0);
  kill(victim, SIGKILL);
  const CommandResult result = job.get();
  EXPECT_EQ(result.exit_status, 128 + SIGKILL) << result.err;
  EXPECT_THAT(result.err, testing::ContainsRegex("process rank 1 .*exited on signal 9"));
  ExpectNothingLeftButAGoodCheckpoint(2, "killed");
}

TEST_F(HangingRun, ARankThatFailsIsNamed) {
  const CommandResult result = RunCommand(HangingCommand(2, "failing"), BadReads("fail", "1"));
  EXPECT_EQ(result.exit_status, kExitEnvironment) << result.err;
  EXPECT_THAT(result.err, HasSubstr("rank 1 of 2 on " + HostName() + ": "));
  EXPECT_THAT(result.err, HasSubstr("Input/output error"));
  ExpectNothingLeftButAGoodCheckpoint(2, "failing");
}

// The rank is writing a checkpoint that the disk never accepts.
TEST_F(HangingRun, ARankThatFailsDoesNotWaitForItsDisk) {
  Words environment = BadReads("fail", "0");
  environment.push_back("REEL3D_CHECKPOINTS_AFTER=" + At("never"));
  const CommandResult result = RunCommand(
      EndlessCommand(
          2, "failing_in_save",
          {"--stall-timeout", "60", "--clips-per-video", "20", "--checkpoint-steps", "25"}),
      environment);
  EXPECT_EQ(result.exit_status, kExitEnvironment) << result.err;
  EXPECT_THAT(result.err, HasSubstr("rank 0 of 2 on " + HostName() + ": "));
  EXPECT_THAT(result.err, HasSubstr("Input/output error"));
  const fs::directory_iterator begun(At("failing_in_save") + "/checkpoints");
  EXPECT_THAT(begun->path().filename().string(), HasSubstr("step-0000000025.tmp-"));
}

}  // namespace
}  // namespace reel3d::test
