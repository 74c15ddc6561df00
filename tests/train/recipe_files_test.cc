// A file of settings may name a recipe. Tests every tool that reads such files.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "lib/model/tensor_io.h"
#include "tests/train/convert_tool.h"
#include "tests/train/train_tensors.h"

namespace reel3d::test {
namespace {

using testing::HasSubstr;

// A file of settings with the line `recipe = hara2020` has the recipe's settings and its own.
TEST_F(ConvertTool, PreprocessingFollowsTheRecipeThatItsFileNames) {
  ASSERT_EQ(Convert(Checkpoint(), At("recipe.pth"), {}).exit_status, 0);
  const auto logits = [](const std::string& out, const std::string& settings) {
    WriteFileAtomically(At(out + ".ini"), settings);
    return Logits(At("recipe.pth"), out,
                  {"--preprocessing", At(out + ".ini"), "--classes", Shards() + "/classes.txt"});
  };
  const std::string rest = "sample-size = 32\nstem-stride = 2\n";
  const std::string recipes = (SourceFolder() / "configs/recipes").string();
  const auto expected =
      logits("written_out", ReadFile(fs::path(recipes) / "hara2020.ini") + "\n" + rest);
  EXPECT_EQ(logits("named", "recipe = hara2020\n" + rest), expected);
  EXPECT_EQ(logits("by_file", rest + "recipe = " + recipes + "/hara2020.ini\n"), expected);
  EXPECT_EQ(logits("by_two", rest + "recipe = " + At("named.ini") + "\n"), expected);
  EXPECT_NE(logits("paper", "recipe = paper2017\n" + rest), expected);
  // If the contents of the named recipe change, scores are computed again.
  WriteFileAtomically(At("named.ini"), "recipe = torchvision\nframe-stride = 1\n" + rest);
  EXPECT_NE(logits("by_two", rest + "recipe = " + At("named.ini") + "\n"), expected);
}

// Each tool that reads settings for weights must follow recipes, and report wrong ones.
TEST_F(ConvertTool, EveryToolFollowsOrRefusesRecipes) {
  ASSERT_EQ(Convert(Checkpoint(), At("each.pth"), {}).exit_status, 0);
  WriteFileAtomically(At("inner.ini"), "sample-size = 32\nrecipe = hara2020\n");
  WriteFileAtomically(At("good.ini"), "stem-stride = 2\nrecipe = " + At("inner.ini") + "\n");
  WriteFileAtomically(At("bad.ini"), "sample-size = 32\nrecipe = hara2200\n");
  WriteFileAtomically(At("round.ini"), "recipe = " + At("round.ini") + "\n");
  const std::string classes = Shards() + "/classes.txt";
  const auto run = [&](const std::string& tool, const std::string& settings) {
    Words words = {ToolPath(tool).string(), "--preprocessing", settings, "--classes", classes};
    if (tool == "classify-video") {
      words.insert(words.end(),
                   {"--height", "48", At("each.pth"), At("videos/rising/rising_000.mp4")});
    } else {
      words.insert(words.end(), {At("each.pth"), Shards(),
                                 At(tool + "_" + fs::path(settings).stem().string() + ".h5")});
    }
    return RunCommand(words);
  };
  for (const char* tool : {"score-videos", "extract-features", "classify-video"}) {
    const auto good = run(tool, At("good.ini"));
    EXPECT_EQ(good.exit_status, 0) << tool << ": " << good.err;
    const auto bad = run(tool, At("bad.ini"));
    EXPECT_EQ(bad.exit_status, 2) << tool;
    EXPECT_THAT(bad.err, HasSubstr("bad.ini: recipe = hara2200: no recipe is called")) << tool;
    const auto round = run(tool, At("round.ini"));
    EXPECT_EQ(round.exit_status, 2) << tool;
    EXPECT_THAT(round.err, HasSubstr("name each other in a circle")) << tool;
  }
  // --recipe of train-r3d and inspect-file follow recipes too.
  const auto printed = RunCommand({ToolPath("train-r3d").string(), "--recipe", At("good.ini"),
                                   "--print-config", "shards", "run"});
  for (const char* line : {"\nstem-stride = 2\n", "\nsample-size = 32\n", "\nshortcut = b\n",
                           "\npixel-range = 1\n", "\ndampening = 0\n"}) {
    EXPECT_THAT(printed.out, HasSubstr(line));
  }
  const Words inspect = {ToolPath("inspect-file").string(), "--layers"};
  const auto inspected = RunCommand({inspect[0], inspect[1], At("good.ini")});
  EXPECT_THAT(inspected.out, HasSubstr("r3d-18, shortcut b, width 1"));
  EXPECT_THAT(inspected.out, HasSubstr("3 x 16 x 32 x 32"));
  const auto circle = RunCommand({inspect[0], inspect[1], At("round.ini")});
  EXPECT_EQ(circle.exit_status, 3);
  EXPECT_THAT(circle.err, HasSubstr("name each other in a circle"));
  // A note in a file of weights may name a recipe of reel3d, but no file of this machine.
  NamedTensors tensors;
  for (const auto& [name, tensor] : Tensors("run", "model.safetensors")) {
    tensors.emplace_back(name, tensor);
  }
  SaveTensors(At("note.safetensors"), tensors,
              {{"reel3d.config", "recipe = torchvision\nsample-size = 32\n"}});
  const auto noted =
      RunCommand({inspect[0], inspect[1], "--clip-frames", "0", At("note.safetensors")});
  EXPECT_EQ(noted.exit_status, 0) << noted.err;
  SaveTensors(At("note.safetensors"), tensors,
              {{"reel3d.config", "recipe = " + At("good.ini") + "\n"}});
  const auto refused = Convert(At("note.safetensors"), At("note.pt"));
  EXPECT_EQ(refused.exit_status, 3);
  EXPECT_THAT(refused.err, HasSubstr("only names such as hara2020 are accepted"));
}

}  // namespace
}  // namespace reel3d::test
