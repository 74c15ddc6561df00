// Starts check-cluster as users do: alone, under mpirun, and with faults that can be made for real.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "tests/shard/small_shard.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Tool() { return test::ToolPath("check-cluster").string(); }

TEST(CheckClusterTool, SingletonsEndWithStatus4) {
  const auto result = test::RunCommand({Tool()}, {"SLURM_STEP_NUM_TASKS=4"});
  EXPECT_EQ(result.exit_status, kExitEnvironment) << result.out << result.err;
  EXPECT_THAT(result.out + result.err, HasSubstr("SLURM_STEP_NUM_TASKS=4"));
  EXPECT_THAT(result.out + result.err, HasSubstr("srun --mpi=list"));
}

TEST(CheckClusterTool, OneCoreForFourRanksIsNamed) {
  if (AllowedCores().size() < 2) {
    GTEST_SKIP() << "this machine has one core";
  }
  const std::string core = std::to_string(AllowedCores().front());
  const auto result = test::RunCommand({"taskset", "-c", core, REEL3D_MPIEXEC, "--oversubscribe",
                                        "-n", "4", Tool(), "--gradient-floats", "1000"});
  EXPECT_EQ(result.exit_status, kExitDone) << result.err;
  EXPECT_THAT(result.out, HasSubstr("WARN  cores"));
  EXPECT_THAT(result.out, HasSubstr("4 ranks with 4 threads may use 1 of"));
}

TEST(CheckClusterTool, MeasuresTheLoaderAgainstTheNeed) {
  const test::TemporaryFolder folder;
  test::WriteSmallShards(folder.path());
  const auto result = test::RunCommand(
      {Tool(), "--shards", folder.path().string(), "--need", "1000000000", "--json"});
  EXPECT_EQ(result.exit_status, kExitDone) << result.err;
  EXPECT_THAT(result.out, HasSubstr("clips/s, 1e+09 are needed"));
  const auto absent = test::RunCommand({Tool(), "--shards", (folder / "absent").string()});
  EXPECT_EQ(absent.exit_status, kExitEnvironment);
  EXPECT_THAT(absent.out, HasSubstr("FAIL  loader"));
  EXPECT_EQ(test::RunCommand({Tool(), "--need", "5"}).exit_status, kExitUsage);
}

TEST(CheckClusterTool, ComparesWithEarlierRuns) {
  const test::TemporaryFolder folder;
  const std::string history = (folder / "history.jsonl").string();
  const std::vector<std::string> command = {Tool(), "--folder", folder.path().string(), "--history",
                                            history};
  EXPECT_EQ(test::RunCommand(command).exit_status, kExitDone);
  EXPECT_THAT(ReadFile(history), HasSubstr("folder_mb_per_s"));
  std::string fast;
  for (int run = 0; run < 5; ++run) {
    fast += "{\"ranks\":1,\"hosts\":1,\"figures\":{\"folder_mb_per_s\":1e9}}\n";
  }
  WriteFileAtomically(history, fast);
  const auto slow = test::RunCommand(command);
  EXPECT_THAT(slow.out, HasSubstr("WARN  folder"));
  EXPECT_THAT(slow.out, HasSubstr("in 5 earlier runs the median was 1e+09"));
  EXPECT_EQ(ReadFile(history).rfind(fast, 0), 0U);
  WriteFileAtomically(history, fast.substr(0, fast.size() - 5));  // the fifth line is cut
  EXPECT_THAT(test::RunCommand(command).out, Not(HasSubstr("WARN")));
}

}  // namespace
}  // namespace reel3d
