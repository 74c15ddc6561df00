// Reads the curves and pictures of a run with stock TensorBoard.
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tests/train/train_tool.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;
using test::Words;

class TrainViews : public test::TrainTool {
 protected:
  // Nothing is trained if there is no TensorBoard.
  static void SetUpTestSuite() {
    if (ReadEvents("no-such-folder").exit_status != 77) {
      test::TrainTool::SetUpTestSuite();
    }
  }
  void SetUp() override {
    if (folder_ == nullptr) {
      GTEST_SKIP() << "this Python has no TensorBoard (REEL3D_TENSORBOARD_PYTHON)";
    }
  }

  // REEL3D_TENSORBOARD_PYTHON names a Python that has TensorBoard. Exit status 77: it has none.
  static test::CommandResult ReadEvents(const std::string& folder) {
    const char* python = std::getenv("REEL3D_TENSORBOARD_PYTHON");
    return test::RunCommand({python == nullptr ? "python3" : python,
                             (test::SourceFolder() / "tests/train/read_events.py").string(),
                             folder});
  }
  static json Read(const std::string& run_dir) {
    const auto result = ReadEvents(At(run_dir + "/tensorboard"));
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return json::parse(result.out);
  }

  static Words Curves(int ranks, const std::string& run_dir, Words more = {}) {
    more.insert(more.end(), {"--tensorboard-every", "2"});
    return Command(ranks, run_dir, more);
  }
};

std::vector<int> Steps(const json& points) {
  std::vector<int> steps;
  for (const json& point : points) {
    steps.push_back(point.at(0));
  }
  return steps;
}

TEST_F(TrainViews, CurvesAreContinuousWhateverHappened) {
  ASSERT_EQ(test::RunCommand(Curves(2, "whole")).exit_status, 0);
  const json whole = Read("whole");
  for (const char* tag : {"loss/training", "top1/training", "top5/training", "optimizer/lr",
                          "optimizer/gradient_norm", "optimizer/weight_norm", "speed/clips_per_s",
                          "speed/waiting_share"}) {
    EXPECT_EQ(Steps(whole.at("scalars").at(tag)), (std::vector<int>{2, 4, 6})) << tag;
  }
  for (const char* tag : {"loss/validation", "top1/validation", "top5/validation"}) {
    EXPECT_EQ(Steps(whole.at("scalars").at(tag)), (std::vector<int>{3, 6})) << tag;
  }
  const json sheet = whole.at("images").at("clips/training");
  // The picture has four clips of eight frames, each frame of 32 pixels and a gap.
  EXPECT_EQ(sheet, json::parse(R"([[0, 272, 136, "89504e47"]])"));

  // The run is stopped after steps 3 and 5. Its last checkpoint is then removed, so it resumes from
  // an earlier one.
  ASSERT_EQ(test::RunCommand(Curves(2, "torn", {"--stop-after-steps", "3"})).exit_status, 75);
  ASSERT_EQ(test::RunCommand(Curves(2, "torn", {"--stop-after-steps", "5"})).exit_status, 75);
  fs::remove_all(fs::canonical(fs::path(At("torn")) / "checkpoints" / "latest"));
  ASSERT_EQ(test::RunCommand(Curves(2, "torn")).exit_status, 0);
  json torn = Read("torn");
  EXPECT_EQ(torn.at("images"), whole.at("images"));
  ASSERT_EQ(torn.at("scalars").size(), whole.at("scalars").size());
  for (const auto& [tag, points] : whole.at("scalars").items()) {
    if (tag.rfind("speed/", 0) == 0) {
      EXPECT_EQ(Steps(torn.at("scalars").at(tag)), Steps(points)) << tag;
    } else {
      EXPECT_EQ(torn.at("scalars").at(tag), points) << tag;
    }
  }
}

TEST_F(TrainViews, CurvesOfARunThatStartsAnewAreItsOwn) {
  ASSERT_EQ(test::RunCommand(Curves(0, "anew")).exit_status, 0);
  ASSERT_EQ(test::RunCommand(Curves(0, "anew", {"--overwrite", "--epochs", "1"})).exit_status, 0);
  const json curves = Read("anew");
  EXPECT_EQ(Steps(curves.at("scalars").at("loss/training")), (std::vector<int>{2}));
}

}  // namespace
}  // namespace reel3d
