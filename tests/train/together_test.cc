// Runs tools as several processes that were started together. They do not find each other through
// MPI, or the file system has no locks.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "tests/train/interrupted_run.h"
#include "tests/train/score_tool.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using test::CommandResult;
using test::Words;
using testing::AllOf;
using testing::HasSubstr;

class Together : public test::ScoreTool {
 protected:
  // Returns an environment in which the run's file system has no flock.
  static Words Unlocked() { return {std::string("LD_PRELOAD=") + REEL3D_NO_FLOCK}; }
};

TEST_F(Together, TasksOfAStepWithoutMpiDoNotTrainAlone) {
  const CommandResult refused =
      test::RunCommand(Command(0, "singletons"), {"SLURM_STEP_NUM_TASKS=2", "SLURM_PROCID=0"});
  EXPECT_EQ(refused.exit_status, kExitEnvironment) << refused.err;
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr("2 processes were started together"), HasSubstr("srun --mpi=list")));
  EXPECT_FALSE(fs::exists(At("singletons")));
}

// PMI_RANK is set by launchers of other MPIs. Open MPI does not find its ranks by this variable.
TEST_F(Together, RanksOfAnotherMpisLauncherDoNotTrainAlone) {
  const CommandResult refused =
      test::RunCommand(Command(0, "other_mpi"), {"PMI_SIZE=2", "PMI_RANK=0"});
  EXPECT_EQ(refused.exit_status, kExitEnvironment) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("PMI_SIZE=2"));
  EXPECT_FALSE(fs::exists(At("other_mpi")));
}

TEST_F(Together, TasksOfAStepWithoutMpiDoNotAllScoreEverything) {
  const Words environment = {"SLURM_STEP_NUM_TASKS=2"};
  const CommandResult refused = test::RunCommand(ScoreCommand(Shards(), "scores"), environment);
  EXPECT_EQ(refused.exit_status, kExitEnvironment) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("srun --mpi=list"));
  for (const char* task : {"0", "1"}) {  // each task knows its share, so this is no fault
    const CommandResult scored = test::RunCommand(
        ScoreCommand(Shards(), "scores", {"--task", task, "--tasks", "2"}), environment);
    EXPECT_EQ(scored.exit_status, kExitDone) << scored.err;
  }
  EXPECT_TRUE(fs::exists(At("scores") + "/DONE"));
}

// Ranks of mpirun inherit SLURM_STEP_NUM_TASKS from the Slurm step of mpirun's daemons.
TEST_F(Together, RanksOfMpirunInsideAStepTrain) {
  const CommandResult trained =
      test::RunCommand(Command(2, "inside", {"--epochs", "1"}), {"SLURM_STEP_NUM_TASKS=3"});
  EXPECT_EQ(trained.exit_status, kExitDone) << trained.err;
  EXPECT_EQ(ReadFile(At("inside") + "/DONE"), "ranks = 2\nranks-asked = 2\n");
}

TEST_F(Together, OneTrainingAtATimeWithoutFlock) {
  const Words endless = {"--epochs", "100000", "--lr", "0.001", "--stop-after-steps", "1000000"};
  auto first = std::async(std::launch::async, [&] {
    return test::RunCommand(Command(0, "unlocked", endless), Unlocked());
  });
  const fs::path holder = At("unlocked") + "/lock.holder";
  ASSERT_TRUE(test::WaitUntil([&] { return fs::exists(holder); }));
  const int process = nlohmann::json::parse(ReadFile(holder))["process"];
  const CommandResult refused = test::RunCommand(Command(0, "unlocked", endless), Unlocked());
  EXPECT_EQ(refused.exit_status, kExitEnvironment) << refused.err;
  EXPECT_THAT(refused.err, AllOf(HasSubstr("another train-r3d is at work there"),
                                 HasSubstr("It is process " + std::to_string(process) + " on "),
                                 HasSubstr("flock does not work there")));
  kill(process, SIGKILL);
  first.wait();
  const Words one_step = {"--epochs", "100000", "--lr", "0.001", "--stop-after-steps", "1"};
  const CommandResult next = test::RunCommand(Command(0, "unlocked", one_step), Unlocked());
  EXPECT_EQ(next.exit_status, kExitStoppedEarly) << next.err;
  EXPECT_THAT(next.err, HasSubstr("is taken over"));
  EXPECT_FALSE(fs::exists(holder));
}

}  // namespace
}  // namespace reel3d
