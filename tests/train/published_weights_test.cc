// Uses weights in the format of the authors' Python code. Command-line tools inspect them, convert
// them to our format and back, score with them and fine-tune them.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "lib/eval/score_file.h"
#include "tests/torch_python.h"
#include "tests/train/train_tool.h"

namespace reel3d::test {
namespace {

using testing::HasSubstr;

class PublishedWeights : public TrainTool {
 protected:
  static void SetUpTestSuite() {
    TrainTool::SetUpTestSuite();
    PackWithClasses("shards400", 400);
    PackWithClasses("shards10", 10);
  }

  void SetUp() override {
    if (Python().empty()) {
      GTEST_SKIP() << NoPythonWith(kModules);
    }
  }

  // The data set has the demo's eight classes, and further classes without videos.
  static void PackWithClasses(const std::string& shards, int num_classes) {
    std::string classes = ReadFile(At("classes.txt"));
    for (int i = 8; i < num_classes; ++i) {
      classes += "other_" + std::to_string(i) + "\n";
    }
    WriteFileAtomically(At(shards + ".txt"), classes);
    const auto result =
        RunCommand({ToolPath("pack-shards").string(), "--classes", At(shards + ".txt"),
                    At("videos.tsv"), At("prepared"), At(shards)});
    ASSERT_EQ(result.exit_status, 0) << result.err;
  }

  static constexpr const char* kModules = "torch, numpy, safetensors";
  static std::string Python() {
    static const std::string found = PythonWith(kModules);
    return found;
  }

  static void RunPython(Words words) {
    words.insert(words.begin(),
                 {Python(), (SourceFolder() / "tests/train/published_weights.py").string()});
    const auto result = RunCommand(words);
    ASSERT_EQ(result.exit_status, 0) << result.err;
  }

  static CommandResult RunTool(const std::string& tool, Words words) {
    words.insert(words.begin(), ToolPath(tool).string());
    return RunCommand(words);
  }
  static void MustRun(const std::string& tool, const Words& words) {
    const auto result = RunTool(tool, words);
    ASSERT_EQ(result.exit_status, 0) << tool << ": " << result.err;
  }

  static std::vector<float> Floats(const std::string& file) {
    const std::string bytes = ReadFile(file);
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }

  static Words ScoreWords(const std::string& weights, const std::string& out) {
    return {"--preprocessing", At("small.ini"), "--classes", At("shards400.txt"),
            weights,           At("shards400"), At(out)};
  }
};

struct Published {
  int depth;
  const char* shortcut;
};
class PublishedNetwork : public PublishedWeights, public testing::WithParamInterface<Published> {};

TEST_P(PublishedNetwork, GoesThroughEveryTool) {
  const std::string depth = std::to_string(GetParam().depth);
  const std::string shortcut = GetParam().shortcut;
  const std::string name = "r3d" + depth + shortcut;
  const std::string published = At(name + "_K_200ep.pth");
  RunPython({"write", published, depth, shortcut, "400"});

  const auto inspected = RunTool("inspect-file", {"--json", published});
  ASSERT_EQ(inspected.exit_status, 0) << inspected.err;
  EXPECT_EQ(nlohmann::json::parse(inspected.out)["network"],
            "r3d --depth " + depth + " --shortcut " + shortcut +
                " --width 1 --stem-frames 7, 400 classes");

  // Convert to our format and back.
  MustRun("convert-weights", {published, At(name + ".safetensors")});
  MustRun("convert-weights", {At(name + ".safetensors"), At(name + "_back.pth")});
  RunPython({"compare", published, At(name + "_back.pth")});

  // Convert to a checkpoint that the authors' main.py can load.
  MustRun("convert-weights",
          {"--as", "reference-checkpoint", At(name + ".safetensors"), At(name + "_theirs.pth")});
  RunPython({"compare", published, At(name + "_theirs.pth")});
  RunPython({"reference", At(name + "_theirs.pth"), depth, shortcut});
  fs::remove(At(name + "_theirs.pth"));

  // Convert to TorchScript. In Python it must give the same logits as the network.
  MustRun("convert-weights", {published, At(name + ".pt")});
  RunPython({"logits", published, depth, shortcut, At("expected")});
  RunPython({"script", At(name + ".pt"), At("found")});
  const std::vector<float> expected = Floats(At("expected"));
  const std::vector<float> found = Floats(At("found"));
  ASSERT_EQ(expected.size(), 2U * 400);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], expected[i], 1e-4 * (1 + std::abs(expected[i]))) << i;
  }
  MustRun("convert-weights", {At(name + ".pt"), At(name + "_script.pth")});
  RunPython({"compare", published, At(name + "_script.pth")});

  // The file itself and its conversion give the same scores.
  WriteFileAtomically(At("small.ini"), "sample-size = 32\n");
  MustRun("score-videos", ScoreWords(published, name + "_scores"));
  MustRun("score-videos", ScoreWords(At(name + ".safetensors"), name + "_scores_back"));
  const Scores scores = ReadScores(fs::path(At(name + "_scores")) / "scores-00000.h5");
  EXPECT_EQ(scores.classes.size(), 400U);
  EXPECT_GT(scores.clips.size(), 8U);
  EXPECT_EQ(scores.logits,
            ReadScores(fs::path(At(name + "_scores_back")) / "scores-00000.h5").logits);

  // Fine-tune to ten classes, and read the result in Python.
  const auto tuned = RunTool("train-r3d", {"--finetune",
                                           published,
                                           "--finetune-from",
                                           "layer4",
                                           "--depth",
                                           depth,
                                           "--shortcut",
                                           shortcut,
                                           "--sample-size",
                                           "32",
                                           "--batch",
                                           "8",
                                           "--epochs",
                                           "1",
                                           "--validation-every",
                                           "0",
                                           "--schedule",
                                           "constant",
                                           "--lr",
                                           "0.001",
                                           At("shards10"),
                                           At(name + "_tuned")});
  ASSERT_EQ(tuned.exit_status, 0) << tuned.err;
  EXPECT_THAT(tuned.err, HasSubstr("fc drawn anew for 10 classes (the file has 400)"));
  MustRun("convert-weights", {At(name + "_tuned/checkpoints/latest"), At(name + "_tuned.pth")});
  RunPython({"logits", At(name + "_tuned.pth"), depth, shortcut, At("tuned_logits")});
  EXPECT_EQ(Floats(At("tuned_logits")).size(), 2U * 10);
  for (const char* big : {"_K_200ep.pth", ".safetensors", "_back.pth", ".pt", "_script.pth",
                          "_tuned", "_tuned.pth"}) {
    fs::remove_all(At(name + big));  // hundreds of MB each
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, PublishedNetwork,
                         testing::Values(Published{18, "a"}, Published{34, "a"},
                                         Published{50, "b"}));

// Cases of ../shared/data/public_cases. In each file the weights of plain.pth are wrapped, or stand
// beside Python objects.
class PublicCase : public PublishedWeights, public testing::WithParamInterface<const char*> {};

TEST_P(PublicCase, IsReadAsPlain) {
  const fs::path script = SharedData(std::string("data/public_cases/") + GetParam() + "/make.py");
  if (script.empty()) {
    GTEST_SKIP() << "no ../shared/data/public_cases/" << GetParam() << " here";
  }
  const std::string golden = (SourceFolder() / "tests/golden/checkpoint_zip.pth").string();
  MustRun("convert-weights", {"--overwrite", golden, At("plain.pth")});
  const auto made = RunCommand({Python(), script.string(), At("plain.pth"), At(GetParam())});
  ASSERT_EQ(made.exit_status, 0) << made.err;
  int num_files = 0;
  for (const auto& file : fs::directory_iterator(At(GetParam()))) {
    MustRun("convert-weights", {"--overwrite", file.path().string(), At("unwrapped.pth")});
    EXPECT_TRUE(ReadFile(At("unwrapped.pth")) == ReadFile(At("plain.pth"))) << file.path();
    ++num_files;
  }
  EXPECT_GT(num_files, 8);
}

INSTANTIATE_TEST_SUITE_P(Shared, PublicCase,
                         testing::Values("weights_wrapped_names", "weights_beside_plain_objects"));

// The user must state every setting that a file does not contain.
TEST_F(PublishedWeights, WhatIsUnsaidIsAskedFor) {
  const std::string file = (SourceFolder() / "tests/golden/checkpoint_zip.pth").string();
  const auto refusal = [&](Words words, int status) {
    words.insert(words.end(), {file, At("shards400"), At("refused")});
    const auto result = RunTool("score-videos", words);
    EXPECT_EQ(result.exit_status, status) << result.err;
    return result.err;
  };
  EXPECT_THAT(refusal({}, 2), HasSubstr("--preprocessing hara2020"));
  EXPECT_THAT(refusal({"--preprocessing", "torchvision"}, 2), HasSubstr("--classes FILE"));
  EXPECT_THAT(refusal({"--preprocessing", "hara2020"}, 2), HasSubstr("--classes FILE"));
  EXPECT_THAT(refusal({"--preprocessing", "hara2020", "--classes", At("shards10.txt")}, 3),
              HasSubstr("is of 5 classes, and"));
}

}  // namespace
}  // namespace reel3d::test
