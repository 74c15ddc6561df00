// Checks from which environment variables a process learns how many processes were started
// together. Processes that do not find each other are refused. Slurm 22.05 and Open MPI 4.1.4 set
// these variables.
// SPDX-License-Identifier: Apache-2.0
#include "lib/base/launched_rank.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <map>
#include <string>

#include "lib/base/error.h"

namespace reel3d {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

const Variables kJobOfFour = {{"SLURM_JOB_ID", "7"},          {"SLURM_NTASKS", "4"},
                              {"SLURM_NPROCS", "4"},          {"SLURM_NNODES", "2"},
                              {"SLURM_NTASKS_PER_NODE", "2"}, {"SLURM_PROCID", "0"}};

class LaunchedRankTest : public testing::Test {
 protected:
  // Returns the error of a process for which MPI reports `mpi_size` ranks; "" if there is none.
  std::string Refusal(const Variables& variables, int mpi_size = 1) {
    for (const char* name :
         {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS"}) {
      unsetenv(name);
    }
    for (const auto& [name, value] : variables) {
      setenv(name.c_str(), value.c_str(), 1);
    }
    try {
      RequireOthersFound(mpi_size);
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(ExitStatus(error.kind()), kExitEnvironment);
      return error.what();
    }
  }
};

TEST_F(LaunchedRankTest, AStepOfSeveralTasksNeedsMpi) {
  const Variables step = {{"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_STEP_ID", "0"}};
  EXPECT_THAT(Refusal(step),
              AllOf(HasSubstr("4 processes"), HasSubstr("srun --mpi=list"), HasSubstr("libpmix"),
                    HasSubstr("srun --mpi=pmix"), HasSubstr("unset SLURM_STEP_NUM_TASKS")));
  EXPECT_EQ(Refusal(step, 4), "");
}

TEST_F(LaunchedRankTest, AStepWhoseHostsDoNotFindEachOtherIsRefused) {
  EXPECT_THAT(Refusal({{"SLURM_STEP_NUM_TASKS", "8"}, {"PMIX_RANK", "3"}}, 4),
              AllOf(HasSubstr("8 processes"), HasSubstr("MPI knows of 4 of them"),
                    HasSubstr("each such group would do the whole work"),
                    HasSubstr("srun --mpi=list"), HasSubstr("If 4 are meant, unset ")));
  EXPECT_THAT(Refusal({{"OMPI_COMM_WORLD_SIZE", "4"}}, 2), HasSubstr("of another MPI"));
  EXPECT_EQ(Refusal({{"SLURM_STEP_NUM_TASKS", "4"}}, 8), "") << "a step of several components";
}

TEST_F(LaunchedRankTest, SoDoLaunchersOfOtherMpis) {
  EXPECT_THAT(Refusal({{"PMI_SIZE", "2"}, {"PMI_RANK", "1"}}),
              AllOf(HasSubstr("PMI_SIZE=2"), HasSubstr("of another MPI")));
  EXPECT_THAT(Refusal({{"OMPI_COMM_WORLD_SIZE", "3"}}), HasSubstr("of another MPI"));
  EXPECT_EQ(Refusal({{"PMI_SIZE", "2"}}, 2), "");
}

TEST_F(LaunchedRankTest, OneProcessInAJobOfManyIsNoFault) {
  EXPECT_EQ(Refusal(kJobOfFour), "") << "in the batch script itself";
  EXPECT_EQ(Refusal({{"SLURM_STEP_NUM_TASKS", "1"}, {"SLURM_NTASKS", "1"}}), "") << "srun -n1";
  EXPECT_EQ(Refusal({}), "") << "outside of Slurm";
}

TEST_F(LaunchedRankTest, AnArrayTaskIsNoStep) {
  EXPECT_EQ(Refusal({{"SLURM_ARRAY_TASK_ID", "3"}, {"SLURM_ARRAY_TASK_COUNT", "64"}}), "");
}

// mpirun starts a daemon on each other node by srun, so that ranks there inherit a step's
// variables.
TEST_F(LaunchedRankTest, MpirunOverrulesTheStepAroundIt) {
  EXPECT_EQ(Refusal({{"OMPI_COMM_WORLD_SIZE", "1"}, {"SLURM_STEP_NUM_TASKS", "3"}}), "");
  EXPECT_EQ(Refusal({{"OMPI_COMM_WORLD_SIZE", "8"}, {"SLURM_STEP_NUM_TASKS", "3"}}, 8), "");
}

TEST_F(LaunchedRankTest, NonsenseCountsAsNothing) {
  for (const char* text : {"", "x", "-3", "0"}) {
    EXPECT_EQ(Refusal({{"SLURM_STEP_NUM_TASKS", text}}), "") << text;
  }
}

TEST_F(LaunchedRankTest, AllRanksAreHereIfMpirunSaysSo) {
  const auto are_here = [](const char* here, const char* all) {
    setenv("OMPI_COMM_WORLD_LOCAL_SIZE", here, 1);
    setenv("OMPI_COMM_WORLD_SIZE", all, 1);
    return AllLaunchedHere();
  };
  EXPECT_TRUE(are_here("2", "2"));
  EXPECT_FALSE(are_here("2", "4"));
  EXPECT_FALSE(are_here("", ""));
  unsetenv("OMPI_COMM_WORLD_LOCAL_SIZE");
  EXPECT_FALSE(AllLaunchedHere()) << "another launcher";
}

}  // namespace
}  // namespace reel3d
