// Tests weights that other programs wrapped, and weights whose notes require too much memory.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <torch/types.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/model/tensor_io.h"
#include "lib/model/weights_file.h"
#include "tests/train/convert_tool.h"
#include "tests/train/train_tensors.h"

namespace reel3d {
namespace {

using test::ConvertTool;
using test::Words;
using testing::HasSubstr;

// The weights are wrapped as other programs do. They must give the same scores, and training must
// be able to start with them.
TEST_F(ConvertTool, WrappedWeightsScoreAsTheirCheckpoint) {
  NamedTensors wrapped = {{"n_averaged", at::scalar_tensor(5, at::kLong)},
                          {"criterion.weight", at::ones({8})}};
  for (const char* prefix : {"_orig_mod.module.", "teacher."}) {
    const bool is_other = prefix[0] == 't';
    for (const auto& [name, tensor] : Tensors("run", "model.safetensors")) {
      const bool is_weight = tensor.is_floating_point() && tensor.dim() > 1;
      wrapped.emplace_back(prefix + name, is_other && is_weight ? tensor * 2 : tensor);
    }
  }
  wrapped.emplace_back("_orig_mod.module.conv1.total_ops", at::scalar_tensor(9, at::kDouble));
  SavePth(At("wrapped.pth"), wrapped);
  WriteFileAtomically(At("clips.ini"), "sample-size = 32\nstem-stride = 2\n");
  const Words use = {"--preprocessing", At("clips.ini"), "--classes", Shards() + "/classes.txt"};
  const std::vector<float> expected = Logits(Checkpoint(), "scores_unwrapped");
  const std::string name = At("wrapped.pth") + ":_orig_mod.module";
  EXPECT_EQ(Logits(name, "scores_wrapped", use), expected);
  const std::vector<float> others = Logits(At("wrapped.pth") + ":teacher", "scores_teacher", use);
  EXPECT_EQ(others.size(), expected.size());
  EXPECT_NE(others, expected);
  const auto converted = Convert(name, At("unwrapped.safetensors"));
  ASSERT_EQ(converted.exit_status, 0) << converted.err;
  EXPECT_THAT(
      converted.err,
      testing::AllOf(HasSubstr("prefix _orig_mod.module. is taken off"),
                     HasSubstr("n_averaged, criterion.weight, _orig_mod.module.conv1.total"),
                     HasSubstr(At("wrapped.pth") + ":teacher")));
  EXPECT_EQ(LoadTensors(At("unwrapped.safetensors")).size(),
            Tensors("run", "model.safetensors").size());
  const auto inspected = test::RunCommand({test::ToolPath("inspect-file").string(), name});
  EXPECT_THAT(inspected.out, testing::AllOf(HasSubstr("r3d --depth 10"), HasSubstr("criterion")));
  const auto tuned =
      test::RunCommand(Command(0, "tuned_wrapped", {"--finetune", name, "--epochs", "1"}));
  ASSERT_EQ(tuned.exit_status, 0) << tuned.err;
  EXPECT_THAT(tuned.err, HasSubstr("the prefix _orig_mod.module. is taken off the names"));
  const auto missing = Convert(At("wrapped.pth") + ":student", At("x.pth"));
  EXPECT_EQ(missing.exit_status, 3);
  EXPECT_THAT(missing.err, HasSubstr("it has"));
}

// Writes the weights of the run with short notes that require clips of gigabytes.
void SaveHostileNotes(const std::map<std::string, at::Tensor>& weights, const std::string& file) {
  SaveTensors(file, NamedTensors(weights.begin(), weights.end()),
              {{"reel3d.config", "clip-length = 1024\nsample-size = 1024\n"}});
}

TEST_F(ConvertTool, ClipsOfNotesAreModestOrSaid) {
  SaveHostileNotes(Tensors("run", "model.safetensors"), At("notes.safetensors"));
  const auto inspect = [](const Words& more) {
    Words words = {test::ToolPath("inspect-file").string(), "--layers"};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(At("notes.safetensors"));
    return test::RunCommand(words);
  };
  const Words said = {"--clip-frames", "8", "--size", "32"};
  for (const Words& unsaid : {Words(), Words{"--size", "112"}}) {
    const auto refused = inspect(unsaid);
    EXPECT_EQ(refused.exit_status, 2) << refused.err;
    EXPECT_THAT(refused.err, HasSubstr("say --clip-frames and --size"));
    const auto unconverted = Convert(At("notes.safetensors"), At("notes.pt"), unsaid);
    EXPECT_EQ(unconverted.exit_status, 2) << unconverted.err;
    EXPECT_THAT(unconverted.err, HasSubstr("clips of 1024 frames"));
  }
  EXPECT_EQ(inspect(said).exit_status, 0);
  EXPECT_EQ(Convert(At("notes.safetensors"), At("notes.pt"), said).exit_status, 0);
}

TEST_F(ConvertTool, ToolsThatScoreTakeModestClipsOfNotesOnly) {
  const std::string weights = At("scored_notes.safetensors");
  SaveHostileNotes(Tensors("run", "model.safetensors"), weights);
  WriteFileAtomically(At("said.ini"), "clip-length = 8\nsample-size = 32\n");
  for (const std::string tool : {"score-videos", "extract-features", "classify-video"}) {
    const auto run = [&](const Words& more) {
      Words words = {test::ToolPath(tool).string(), "--threads", "1", "--classes",
                     Shards() + "/classes.txt"};
      words.insert(words.end(), more.begin(), more.end());
      const Words rest = tool == "classify-video"
                             ? Words{"--height", "48", weights, At("videos/rising/rising_000.mp4")}
                             : Words{weights, Shards(), At("modest_" + tool + ".h5")};
      words.insert(words.end(), rest.begin(), rest.end());
      return test::RunCommand(words);
    };
    const auto refused = run({});
    EXPECT_EQ(refused.exit_status, 2) << tool << ": " << refused.err;
    EXPECT_THAT(refused.err, testing::AllOf(HasSubstr("clips of 1024 frames of 1024 x 1024"),
                                            HasSubstr("say --preprocessing")));
    const auto said = run({"--preprocessing", At("said.ini")});
    EXPECT_EQ(said.exit_status, 0) << tool << ": " << said.err;
  }
}

}  // namespace
}  // namespace reel3d
