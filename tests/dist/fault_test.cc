// If one rank fails, the job ends at once. The error names the rank, and the rank's status is kept.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using testing::HasSubstr;

test::CommandResult RunJob(const std::string& how) {
  return test::RunCommand({REEL3D_MPIEXEC, "--oversubscribe", "-n", "3", REEL3D_FAILING_RANK, how});
}

// All Open MPI processes that start without a launcher would share one folder for sockets.
TEST(Fault, ProcessesThatStartAloneDoNotDisturbEachOther) {
  std::vector<std::future<void>> rows;
  for (int row = 0; row < 4; ++row) {
    rows.push_back(std::async(std::launch::async, [] {
      for (int i = 0; i < 25; ++i) {
        const test::CommandResult result = test::RunCommand({REEL3D_FAILING_RANK, "not"});
        EXPECT_EQ(result.exit_status, 0) << result.err;
      }
    }));
  }
}

TEST(Fault, OneRanksExceptionEndsAll) {
  struct Case {
    const char* how;
    int exit_status;
    const char* message;
  };
  for (const Case& c :
       {Case{"input", kExitInput, "clip 12 of video abc is torn"},
        Case{"other", kExitInternal, "something else"}, Case{"outside", kExitFailed, "failed"}}) {
    const test::CommandResult result = RunJob(c.how);
    EXPECT_EQ(result.exit_status, c.exit_status) << c.how;
    EXPECT_THAT(result.err, HasSubstr("rank 1 of 3 on ")) << c.how;
    EXPECT_THAT(result.err, HasSubstr(c.message)) << c.how;
    EXPECT_THAT(result.err, testing::Not(HasSubstr("rank 0 of 3"))) << c.how;
  }
}

}  // namespace
}  // namespace reel3d
