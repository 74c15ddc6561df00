// Evaluations that write to one folder, at the same time or one after the other.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/work_lock.h"
#include "pipeline/stages/evaluate_scores.h"
#include "tests/pipeline/small_evaluation.h"
#include "tests/test_support.h"

namespace reel3d::test {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

class EvaluateAtOnce : public SmallEvaluation {};

// Whichever ends last, all files are of one evaluation.
TEST_F(EvaluateAtOnce, TwoAtOnceDoNotMixTheirFiles) {
  Run();
  const std::vector<std::string> rules = {"softmax", "logits"};
  const auto command = [&](const std::string& rule, const std::string& out) {
    return std::vector<std::string>{ToolPath("evaluate-scores"), "--overwrite", "--average", rule,
                                    options_.scores_dir,         folder_ / out};
  };
  for (const std::string& rule : rules) {
    ASSERT_EQ(RunCommand(command(rule, "alone_" + rule)).exit_status, 0);
  }
  const auto files_of = [&](const std::string& out) {
    std::string files;
    for (const char* name :
         {"settings.ini", "predictions.tsv", "averages.tsv", "results.json", "metrics.json"}) {
      files += ReadFile(folder_ / out / name);
    }
    return files;
  };
  for (int round = 0; round < 5; ++round) {
    std::vector<std::thread> tools;
    for (const std::string& rule : rules) {
      tools.emplace_back(
          [&, rule] { EXPECT_EQ(RunCommand(command(rule, "shared")).exit_status, 0); });
    }
    for (std::thread& tool : tools) {
      tool.join();
    }
    EXPECT_THAT(files_of("shared"), AnyOf(files_of("alone_softmax"), files_of("alone_logits")));
  }
}

TEST_F(EvaluateAtOnce, AFolderInWhichAnotherIsAtWorkIsNotTouched) {
  Run();
  const std::string report = Output("report.json");
  WorkLockOptions other;
  other.worker = "evaluate-scores";
  const WorkLock lock(folder_ / "out", other);
  const CommandResult refused = RunCommand(
      {ToolPath("evaluate-scores"), "--overwrite", options_.scores_dir, options_.out_dir});
  EXPECT_EQ(refused.exit_status, kExitEnvironment);
  EXPECT_THAT(refused.err, HasSubstr("another evaluate-scores is at work there; wait for it"));
  EXPECT_EQ(Output("report.json"), report);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out/DONE"));
}

TEST_F(EvaluateAtOnce, SaysWhichScoresAnEvaluationReplaces) {
  Run();
  const std::vector<std::string> same = {ToolPath("evaluate-scores"), "--min-distinct", "8",
                                         options_.scores_dir, options_.out_dir};
  const CommandResult again = RunCommand(same);
  EXPECT_EQ(again.exit_status, 0) << again.err;
  EXPECT_THAT(again.err, Not(HasSubstr("replacing")));
  for (Scores& part : parts_) {
    part.checkpoint = "step-00000020";
  }
  ::testing::internal::CaptureStderr();
  Run();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("replacing what evaluate-scores made from "),
                    HasSubstr("(step-00000010), now from "), HasSubstr("(step-00000020)")));
}

}  // namespace
}  // namespace reel3d::test
