// Runs train-r3d --finetune like a user: on any number of ranks, stopped and continued.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/train/train_tensors.h"

namespace reel3d {
namespace {

using test::TrainTool;
using test::Words;
using testing::HasSubstr;

class FinetuneTool : public TrainTool {
 protected:
  static void SetUpTestSuite() {
    TrainTool::SetUpTestSuite();
    ASSERT_EQ(test::RunCommand(Command(0, "pretrained", {"--epochs", "1"})).exit_status, 0);
    ASSERT_EQ(test::RunCommand({test::ToolPath("convert-weights").string(),
                                At("pretrained/checkpoints/latest"), At("pretrained.pth")})
                  .exit_status,
              0);
  }

  static Words Tuning(Words more) {
    for (const char* word : {"--finetune-from", "layer4", "--bn", "sync", "--seed", "7"}) {
      more.emplace_back(word);
    }
    more.insert(more.begin(), {"--finetune", At("pretrained.pth")});
    return more;
  }

  static test::CommandResult Tune(int ranks, const std::string& run_dir, const Words& more) {
    return test::RunCommand(Command(ranks, run_dir, Tuning(more)),
                            {"OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"});
  }
};

TEST_F(FinetuneTool, FreezesAndDrawsTheHeadAnew) {
  const auto result = Tune(0, "tuned", {"--finetune-bn", "fixed"});
  ASSERT_EQ(result.exit_status, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("fc drawn anew for 8 classes (the file has 8)"));
  EXPECT_THAT(result.err, HasSubstr("before layer4 are frozen; batch norm there keeps"));
  const auto before = Tensors("pretrained", "model.safetensors");
  const auto after = Tensors("tuned", "model.safetensors");
  for (const auto& [name, tensor] : after) {
    const bool learns = name.rfind("layer4.", 0) == 0 || name.rfind("fc.", 0) == 0;
    EXPECT_NE(tensor.equal(before.at(name)), learns) << name;
  }
  EXPECT_EQ(Tensors("tuned", "optimizer.safetensors").count("conv1.weight"), 0U);
  EXPECT_THAT(ReadFile(At("tuned/report.json")), HasSubstr("pretrained.pth"));
}

// The number of ranks changes only the rounding if batch norm's statistics are over all ranks.
TEST_F(FinetuneTool, RanksAgree) {
  const Words every_step = {"--checkpoint-steps", "1", "--keep-last", "99"};
  ASSERT_EQ(Tune(1, "one", every_step).exit_status, 0);
  for (const int step : {1, 3, 6}) {
    ExpectSameStep("one", step, /*ranks=*/2, Tuning(every_step));
  }
}

TEST_F(FinetuneTool, StoppedItGoesOnToTheSameEnd) {
  ASSERT_EQ(Tune(0, "whole", {"--finetune-lr-factor", "0.5"}).exit_status, 0);
  const auto stopped =
      Tune(0, "halves", {"--finetune-lr-factor", "0.5", "--stop-after-steps", "2"});
  ASSERT_EQ(stopped.exit_status, 75) << stopped.err;
  const auto rest = Tune(0, "halves", {"--finetune-lr-factor", "0.5"});
  ASSERT_EQ(rest.exit_status, 0) << rest.err;
  EXPECT_THAT(rest.err, testing::Not(HasSubstr("drawn anew")));
  const auto expected = Tensors("whole", "model.safetensors");
  for (const auto& [name, tensor] : Tensors("halves", "model.safetensors")) {
    EXPECT_TRUE(tensor.equal(expected.at(name))) << name;
  }
}

TEST_F(FinetuneTool, AnotherNetworkIsRefusedByName) {
  const auto result = test::RunCommand(
      Command(0, "other", {"--finetune", At("pretrained.pth"), "--shortcut", "b"}));
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_THAT(result.err, HasSubstr("layer2.0.downsample.0.weight is missing; the weights are of a "
                                    "network with --shortcut a"));
  EXPECT_EQ(test::RunCommand(Command(0, "other", {"--finetune-from", "layer4"})).exit_status, 2);
  EXPECT_EQ(test::RunCommand(Command(0, "other2", {"--finetune", At("absent.pth")})).exit_status,
            3);
}

}  // namespace
}  // namespace reel3d
