// Tests plan-run with hostile input: each case gives one clear line and the right exit status.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/pipeline/finished_run.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PlanRunRefusals : public ::testing::Test {
 protected:
  void ExpectRefused(const std::vector<std::string>& arguments, int status,
                     const std::string& why) {
    std::vector<std::string> command = {"/usr/bin/env", "PATH=" + path_,
                                        test::ToolPath("plan-run")};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const test::CommandResult result = test::RunCommand(command);
    EXPECT_EQ(result.exit_status, status) << result.err;
    EXPECT_THAT(result.err, HasSubstr(why));
    const int num_lines = status == kExitUsage ? 2 : 1;  // the second one names --help
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), num_lines) << result.err;
    EXPECT_THAT(result.out, IsEmpty());
  }
  std::string Write(const std::string& name, const std::string& text) {
    WriteFileAtomically(folder_ / name, text);
    return folder_ / name;
  }
  std::string Plan() {
    const std::string plan = folder_ / "plan.json";
    const test::CommandResult made = test::RunCommand(
        {test::ToolPath("plan-run"), "--videos", "40", "--batch", "8", "--out", plan});
    EXPECT_EQ(made.exit_status, 0) << made.err;
    return plan;
  }

  const std::string header_ =
      "id\tpath\tlabel\tsubset\tbegin_s\tend_s\tnum_frames\tfps\twidth\theight\n";
  test::TemporaryFolder folder_;
  std::string path_ = "/usr/bin:/bin";
};

TEST_F(PlanRunRefusals, NoVideos) {
  ExpectRefused({}, kExitUsage, "there are no videos to plan for");
  ExpectRefused({"--videos", "0"}, kExitUsage, "there are no videos to plan for");
  ExpectRefused({"--manifest", Write("videos.tsv", header_)}, kExitInput, "lists no videos");
  ExpectRefused({"--manifest",
                 Write("held.tsv", header_ + "a\ta.mp4\tx\ttesting" + std::string(6, '\t') + "\n"),
                 "--probe", "0"},
                kExitUsage, "no video is for training");
}

TEST_F(PlanRunRefusals, NumbersThatAreNone) {
  ExpectRefused({"--videos", "-5"}, kExitUsage, "videos");
  ExpectRefused({"--videos", "10", "--prep-ms", "-1"}, kExitUsage, "prep-ms");
  ExpectRefused({"--videos", "10", "--train-clips-per-s", "nan"}, kExitUsage, "train-clips-per-s");
  ExpectRefused({"--videos", "10", "--seconds", "inf"}, kExitUsage, "seconds");
  ExpectRefused({"--videos", "1e30"}, kExitUsage, "videos");
  ExpectRefused({"--videos", "10", "--ranks", "1.5"}, kExitUsage, "1.5 is not a whole number");
}

TEST_F(PlanRunRefusals, ConditionsThatAllowNoRun) {
  ExpectRefused({"--videos", "1000", "--ranks", "512"}, kExitUsage, "cannot share a batch");
  ExpectRefused({"--videos", "1000", "--time-limit-hours", "0.01"}, kExitUsage,
                "leaves no time to work");
}

TEST_F(PlanRunRefusals, OneFileForTwoOutputs) {
  const std::string x = folder_ / "x.json";
  ExpectRefused({"--videos", "100", "--out", x, "--svg", folder_ / "./x.json"}, kExitUsage,
                "--out and --svg name the same file");
  ExpectRefused({"--videos", "100", "--out", "x.json", "--svg", "./x.json"}, kExitUsage,
                "--out and --svg name the same file");
  const std::string plan = Plan();
  const std::string before = ReadFile(plan);
  ExpectRefused({"--plan", plan, "--outcome", folder_.path(), "--correction", plan}, kExitUsage,
                "--plan and --correction name the same file");
  EXPECT_EQ(ReadFile(plan), before);
  ExpectRefused({"--videos", "100", "--out", "/dev/null"}, kExitEnvironment, "is a device");
}

TEST_F(PlanRunRefusals, ManifestsWithErrors) {
  ExpectRefused({"--manifest", folder_ / "none.tsv"}, kExitInput, "none.tsv");
  ExpectRefused({"--manifest", Write("bad.tsv", header_ + "a\tb\n")}, kExitInput, "bad.tsv:2");
  ExpectRefused({"--manifest", Write("v.tsv", header_), "--videos", "5"}, kExitUsage,
                "leave out --videos");
}

TEST_F(PlanRunRefusals, VideosShorterThanAFrame) {
  ExpectRefused({"--videos", "10", "--seconds", "0.01", "--fps", "25"}, kExitUsage,
                "have no frame");
}

TEST_F(PlanRunRefusals, SourcesOfRatesThatAreNone) {
  ExpectRefused({"--videos", "10", "--measured", folder_ / "none"}, kExitInput, "none");
  MakeFolders(folder_ / "empty");
  ExpectRefused({"--videos", "10", "--measured", folder_ / "empty"}, kExitInput,
                "is not the folder of a run");
  ExpectRefused({"--videos", "10", "--measured", Write("x.json", "{\"format\": \"other\"}")},
                kExitInput, "is not a correction");
  ExpectRefused({"--videos", "10", "--measured", Write("cut.json", "{\"format\":")}, kExitInput,
                "not a JSON object");
  ExpectRefused({"--videos", "10", "--measured",
                 Write("minus.json",
                       "{\"format\": \"reel3d-plan-correction\", \"height\": 360, "
                       "\"quality\": 90, \"rates\": {\"prep_ms\": -1}}")},
                kExitInput, "prep_ms");
  ExpectRefused({"--videos", "10", "--measured",
                 Write("zero.json",
                       "{\"format\": \"reel3d-plan-correction\", \"height\": 360, "
                       "\"quality\": 90, \"rates\": {\"train_clips_per_s\": 0}}")},
                kExitInput, "train_clips_per_s");
  for (const char* height : {"1e308", "-360", "8"}) {
    ExpectRefused({"--videos", "10", "--measured",
                   Write("huge.json", std::string("{\"format\": \"reel3d-plan-correction\", "
                                                  "\"quality\": 90, \"rates\": {}, \"height\": ") +
                                          height + "}")},
                  kExitInput, "no prepared frames have height");
  }
  ExpectRefused({"--videos", "10", "--measured",
                 Write("text.json", "{\"format\": \"reel3d-plan-correction\", \"height\": \"a\"}")},
                kExitInput, "text.json");
}

TEST_F(PlanRunRefusals, PlansAndOutcomesThatAreNone) {
  test::WriteFinishedRun(folder_ / "run");
  const std::string run = folder_ / "run";
  const std::string plan = Plan();
  ExpectRefused({"--plan", plan}, kExitUsage, "--plan and --outcome go together");
  ExpectRefused({"--videos", "5", "--correction", "c.json"}, kExitUsage, "--correction needs");
  ExpectRefused({"--plan", plan, "--outcome", folder_ / "none"}, kExitInput, "none");
  ExpectRefused({"--plan", folder_ / "none.json", "--outcome", run}, kExitInput, "none.json");
  const std::string text = ReadFile(plan);
  ExpectRefused({"--plan", Write("cut.json", text.substr(0, text.size() / 2)), "--outcome", run},
                kExitInput, "cut.json");
  ExpectRefused({"--plan", Write("other.json", "{}"), "--outcome", run}, kExitInput,
                "is not a plan");
  ExpectRefused({"--plan", Write("lost.json", "{\"format\": \"reel3d-plan\", \"height\": 1}"),
                 "--outcome", run},
                kExitInput, "lost.json");
  ExpectRefused({"--plan", plan, "--outcome", run, "--out", "x.json"}, kExitUsage,
                "leave out --plan");
  WriteFileAtomically(folder_ / "run/train/report.json", "[1]");
  ExpectRefused({"--plan", plan, "--outcome", run}, kExitInput, "train/report.json");
}

TEST_F(PlanRunRefusals, SlurmThatDoesNotAnswer) {
  Write("scontrol", "#!/bin/sh\nexit 1\n");
  std::filesystem::permissions(folder_ / "scontrol", std::filesystem::perms::all);
  path_ = folder_.path().string() + ":" + path_;
  ExpectRefused({"--videos", "10", "--max-array-size", "0"}, kExitEnvironment,
                "says no MaxArraySize");
}

}  // namespace
}  // namespace reel3d
