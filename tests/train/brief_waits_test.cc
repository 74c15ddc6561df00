// Checks that OpenMP, in each tool that computes, got the time for which its threads wait.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/test_support.h"

namespace reel3d::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// Returns what OpenMP says of its settings when the tool starts.
std::string SettingsIn(const std::string& tool, std::vector<std::string> environment) {
  environment.emplace_back("OMP_DISPLAY_ENV=verbose");
  const CommandResult result = RunCommand({ToolPath(tool).string(), "--version"}, environment);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr(tool));
  return result.err;
}

class BriefWaits : public testing::TestWithParam<const char*> {};

TEST_P(BriefWaits, AreSetUnlessTheEnvironmentSaysHowToWait) {
  const std::string brief = "GOMP_SPINCOUNT = '1000'";
  EXPECT_THAT(SettingsIn(GetParam(), {}), HasSubstr(brief));
  EXPECT_THAT(SettingsIn(GetParam(), {"GOMP_SPINCOUNT=77"}), HasSubstr("GOMP_SPINCOUNT = '77'"));
  EXPECT_THAT(SettingsIn(GetParam(), {"OMP_WAIT_POLICY=ACTIVE"}), Not(HasSubstr(brief)));
}

INSTANTIATE_TEST_SUITE_P(Tools, BriefWaits,
                         testing::Values("train-r3d", "score-videos", "classify-video",
                                         "extract-features", "check-cluster"));

}  // namespace
}  // namespace reel3d::test
