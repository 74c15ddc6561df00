// Runs convert-weights like a user, and uses files of weights in place of checkpoints.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <torch/script.h>

#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "lib/eval/score_file.h"
#include "lib/model/network.h"
#include "lib/model/weights.h"
#include "lib/model/weights_file.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "tests/train/convert_tool.h"
#include "tests/train/train_tensors.h"

namespace reel3d::test {
namespace {

using testing::HasSubstr;

// Returns the network of the short run, with its weights. `options` sets everything but its size.
Network Trained(NetworkOptions options, const std::string& checkpoint) {
  options.depth = 10;
  options.width = 0.125;
  options.num_classes = 8;
  Network network = MakeNetwork(options);
  LoadStateDict(*network, LoadTensors(checkpoint + "/model.safetensors"), "checkpoint");
  network->eval();
  return network;
}

TEST_F(ConvertTool, EveryFormatComesBack) {
  std::string from = Checkpoint();
  for (const char* name : {"a.safetensors", "a.pth", "a.pt", "b.pth", "b.safetensors"}) {
    const auto result = Convert(from, At(name), {"--stem-stride", "2"});
    ASSERT_EQ(result.exit_status, 0) << name << ": " << result.err;
    EXPECT_THAT(result.out, HasSubstr("r3d --depth 10 --shortcut a --width 0.125"));
    from = At(name);
  }
  const auto expected = Tensors("run", "model.safetensors");
  const NamedTensors found = LoadTensors(At("b.safetensors"));
  EXPECT_EQ(found.size(), expected.size());
  for (const auto& [name, tensor] : found) {
    EXPECT_TRUE(tensor.equal(expected.at(name))) << name;
  }
}

TEST_F(ConvertTool, TheSameInputGivesTheSameBytes) {
  for (const std::string format : {"safetensors", "pth", "pt"}) {
    for (const char* name : {"once.", "again."}) {
      ASSERT_EQ(Convert(Checkpoint(), At(name + format)).exit_status, 0);
    }
    EXPECT_TRUE(ReadFile(At("once." + format)) == ReadFile(At("again." + format))) << format;
  }
}

TEST_F(ConvertTool, HalfPrecisionBecomesAProgramInFloat32) {
  NamedTensors halves;
  for (const auto& [name, tensor] : Tensors("run", "model.safetensors")) {
    halves.emplace_back("module." + name,
                        tensor.is_floating_point() ? tensor.to(at::kHalf) : tensor.to(at::kInt));
  }
  SaveTensors(At("half.safetensors"), halves);
  const auto result = Convert(At("half.safetensors"), At("half.pt"), {"--stem-stride", "2"});
  ASSERT_EQ(result.exit_status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("r3d --depth 10"));
  EXPECT_EQ(Convert(At("half.safetensors"), At("half.pth")).exit_status, 0);
}

// --preprocessing changes how clips are made, but not the network that the file describes. Scores
// of clips that were made in another way are not reused.
TEST_F(ConvertTool, ARecipeOfClipsLeavesTheNetworkAlone) {
  ASSERT_EQ(Convert(Checkpoint(), At("noted.safetensors")).exit_status, 0);
  std::string recipe = ReadFile(At("run") + "/config.ini");
  const std::string stride = "stem-stride = 2\n";
  ASSERT_NE(recipe.find(stride), std::string::npos);
  recipe.erase(recipe.find(stride), stride.size());
  WriteFileAtomically(At("clips.ini"), recipe);
  const Words by_recipe = {"--preprocessing", At("clips.ini")};
  EXPECT_EQ(Logits(At("noted.safetensors"), "by_recipe", by_recipe),
            Logits(Checkpoint(), "itself"));
  const std::string range = "pixel-range = 255\n";
  ASSERT_NE(recipe.find(range), std::string::npos);
  recipe.replace(recipe.find(range), range.size(), "pixel-range = 1\n");
  WriteFileAtomically(At("clips.ini"), recipe);
  const Words accepted = {"--preprocessing", At("clips.ini"), "--allow", "normalisation"};
  const auto others = Logits(At("noted.safetensors"), "by_recipe", accepted);
  EXPECT_NE(others, Logits(Checkpoint(), "itself")) << "scored anew";
}

// Wrong settings are refused with a message by every tool; tests/cli has more cases.
TEST_F(ConvertTool, NotesAndRecipesThatAreWrongAreRefusedInWords) {
  ASSERT_EQ(Convert(Checkpoint(), At("right.safetensors")).exit_status, 0);
  const std::string right = ReadFile(At("right.safetensors"));
  const auto score = [](const Words& more) {
    Words words = {ToolPath("score-videos").string(), "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {Shards(), At("scores_of_wrong")});
    return RunCommand(words);
  };
  struct Case {
    std::string from, to, complaint;  // `to` is as long as `from`: the header stays true
  };
  for (const Case& it :
       {Case{"\"reel3d.classes\":\"[", "\"reel3d.classes\":\"x",
             "its note reel3d.classes is not a JSON list of class names: --classes "
             "FILE names them instead"},
        Case{"\\nclip-length = ", "\\nsample-size = ", "sample-size stands in line"}}) {
    std::string wrong = right;
    const size_t at = wrong.find(it.from);
    ASSERT_NE(at, std::string::npos) << it.from;
    WriteFileAtomically(At("wrong.safetensors"), wrong.replace(at, it.from.size(), it.to));
    const auto result = score({At("wrong.safetensors")});
    EXPECT_EQ(result.exit_status, kExitInput) << result.err;
    EXPECT_THAT(result.err, HasSubstr("wrong.safetensors: "));
    EXPECT_THAT(result.err, HasSubstr(it.complaint));
  }
  WriteFileAtomically(At("twice.ini"), "clip-length = 8\nclip-length = 16\n");
  const auto twice = score({"--preprocessing", At("twice.ini"), At("right.safetensors")});
  EXPECT_EQ(twice.exit_status, kExitUsage);
  EXPECT_THAT(twice.err, HasSubstr("twice.ini: line 2: clip-length stands in line 1 already"));
}

// The command line's values for the first convolution overrule the file's notes.
TEST_F(ConvertTool, TheCommandLineOverrulesTheNote) {
  ASSERT_EQ(Convert(Checkpoint(), At("noted2.safetensors")).exit_status, 0);
  ASSERT_EQ(Convert(At("noted2.safetensors"), At("stride1.pt"),
                    {"--stem-stride", "1", "--max-pool", "false"})
                .exit_status,
            0);
  NetworkOptions options;
  options.max_pool = false;
  Network network = Trained(options, Checkpoint());
  const at::NoGradGuard no_grad;
  const at::Tensor clips = at::rand({1, 3, 16, 32, 32}) * 100;
  EXPECT_TRUE(at::allclose(torch::jit::load(At("stride1.pt")).forward({clips}).toTensor(),
                           network->forward(clips), 1e-3, 1e-4));
}

// The reference's checkpoint is a dict of epoch, arch and state_dict. In published_weights_test
// Python loads such a file.
TEST_F(ConvertTool, WritesCheckpointsOfTheReference) {
  const auto result = Convert(Checkpoint(), At("reference.pth"), {"--as", "reference-checkpoint"});
  ASSERT_EQ(result.exit_status, 0) << result.err;
  EXPECT_THAT(result.out,
              HasSubstr("main.py of branch master: --model resnet --model_depth 10 "
                        "--resnet_shortcut A --resnet_widen_factor 0.125 --conv1_t_stride 2 "
                        "--n_pretrain_classes 8 --pretrain_path " +
                        At("reference.pth")));
  const auto inspected =
      RunCommand({ToolPath("inspect-file").string(), "--json", At("reference.pth")});
  const auto json = nlohmann::json::parse(inspected.out);
  EXPECT_EQ(json["note: arch"], "resnet-10");
  EXPECT_EQ(json["note: epoch"], "1");
  const NamedTensors found = LoadWeights(At("reference.pth"));
  const auto expected = Tensors("run", "model.safetensors");
  EXPECT_EQ(found.size(), expected.size());
  for (const auto& [name, tensor] : found) {
    EXPECT_TRUE(tensor.equal(expected.at(name))) << name;
  }
  // The epoch in a checkpoint of Python is kept.
  const std::string published = (SourceFolder() / "tests/golden/checkpoint_zip.pth").string();
  const auto theirs = Convert(published, At("theirs12.pth"), {"--as", "reference-checkpoint"});
  EXPECT_EQ(theirs.exit_status, 0) << theirs.err;
  const auto again = RunCommand({ToolPath("inspect-file").string(), At("theirs12.pth")});
  EXPECT_THAT(again.out, HasSubstr("note: epoch          12"));
  EXPECT_EQ(
      Convert(Checkpoint(), At("x.safetensors"), {"--as", "reference-checkpoint"}).exit_status, 2);
}

TEST_F(ConvertTool, RefusesACheckpointWithADamagedEpoch) {
  const fs::path damaged = At("damaged");
  fs::copy(fs::canonical(Checkpoint()), damaged, fs::copy_options::recursive);
  nlohmann::ordered_json state = ReadCheckpointState(damaged);
  state["epoch"] = "one";
  FinishCheckpoint(damaged, state.at("step").get<int64_t>(), state);
  const auto result =
      Convert(damaged.string(), At("damaged.pth"), {"--as", "reference-checkpoint"});
  EXPECT_EQ(result.exit_status, kExitInput);
  EXPECT_THAT(result.err, HasSubstr("state.json: epoch is not a whole number from 0 to "));
  EXPECT_FALSE(fs::exists(At("damaged.pth")));
}

// Tests the authors' name of each family, and the branch of their code that has the family.
TEST_F(ConvertTool, KnowsWhatTheReferenceCallsEachFamily) {
  struct Case {
    const char* model;
    int depth;
    int stem_channels;
    double width;
    const char* arch;
    const char* arguments;  // empty: the conversion is refused
  };
  for (const Case& c :
       {Case{"preact", 10, 0, 1, "preresnet-10", "master: --model preresnet --model_depth 10"},
        Case{"wide", 50, 4, 0.0625, "", ""}, Case{"preact", 10, 0, 0.0625, "", ""},
        Case{"densenet", 121, 0, 0.0625, "", ""}, Case{"r3d", 10, 7, 0.0625, "", ""},
        Case{"i3d", 18, 0, 0.0625, "", ""},
        Case{"densenet", 121, 0, 1, "densenet-121", "master: --model densenet --model_depth 121 "},
        Case{"wide", 50, 0, 0.5, "wideresnet-50", ""},
        Case{"wide", 50, 64, 0.5, "wideresnet-50",
             "master: --model wideresnet --model_depth 50 --resnet_shortcut B --wide_resnet_k 1"},
        Case{"r2p1d", 10, 0, 0.0625, "resnet2p1d-10",
             "master: --model resnet2p1d --model_depth 10 --resnet_shortcut B "
             "--resnet_widen_factor 0.0625"}}) {
    NetworkOptions options;
    options.model = c.model;
    options.depth = c.depth;
    options.shortcut = ShortcutType::kB;
    options.stem_channels = c.stem_channels;
    options.width = c.width;
    options.num_classes = 8;
    SaveTensors(At("family.safetensors"), StateDict(*MakeNetwork(options)));
    const auto result = Convert(At("family.safetensors"), At("family.pth"),
                                {"--overwrite", "--as", "reference-checkpoint"});
    const bool is_known = *c.arguments != '\0';
    EXPECT_EQ(result.exit_status, is_known ? 0 : 2) << c.model << ": " << result.err;
    EXPECT_THAT(is_known ? result.out : result.err,
                HasSubstr(is_known ? c.arguments : "the authors' Python has"));
  }
}

TEST_F(ConvertTool, WeightsWithoutALastLayerAreNoProgram) {
  NamedTensors backbone;
  for (const auto& [name, tensor] : Tensors("run", "model.safetensors")) {
    if (name.rfind("fc.", 0) != 0) {
      backbone.emplace_back(name, tensor);
    }
  }
  SaveTensors(At("backbone.safetensors"), backbone);
  const auto result = Convert(At("backbone.safetensors"), At("backbone.pt"));
  EXPECT_EQ(result.exit_status, 3) << result.err;
  EXPECT_THAT(result.err, HasSubstr("without the layer that makes logits (fc)"));
}

// A checkpoint holds settings that weights do not show, such as the first convolution's stride.
TEST_F(ConvertTool, TorchScriptOfACheckpointIsItsNetwork) {
  ASSERT_EQ(Convert(Checkpoint(), At("whole.pt")).exit_status, 0);
  ASSERT_EQ(Convert(Checkpoint(), At("between.safetensors")).exit_status, 0);
  ASSERT_EQ(Convert(At("between.safetensors"), At("between.pt")).exit_status, 0);
  NetworkOptions options;
  options.stem_stride = 2;
  Network network = Trained(options, Checkpoint());
  const at::NoGradGuard no_grad;
  const at::Tensor clips = at::rand({2, 3, 16, 32, 32}) * 100;
  for (const char* name : {"whole.pt", "between.pt"}) {
    const at::Tensor found = torch::jit::load(At(name)).forward({clips}).toTensor();
    EXPECT_TRUE(at::allclose(found, network->forward(clips), 1e-3, 1e-4)) << name;
  }
}

// A safetensors file made from a checkpoint holds its classes and settings; a .pth file does not.
TEST_F(ConvertTool, FilesScoreAsTheirCheckpoint) {
  const std::vector<float> expected = Logits(Checkpoint(), "scores");
  EXPECT_GT(expected.size(), 64U);
  ASSERT_EQ(Convert(Checkpoint(), At("score.safetensors")).exit_status, 0);
  EXPECT_EQ(Logits(At("score.safetensors"), "scores_safetensors"), expected);
  ASSERT_EQ(Convert(Checkpoint(), At("score.pth")).exit_status, 0);
  WriteFileAtomically(At("clips.ini"), "sample-size = 32\nstem-stride = 2\n");
  EXPECT_EQ(Logits(At("score.pth"), "scores_pth",
                   {"--preprocessing", At("clips.ini"), "--classes", Shards() + "/classes.txt"}),
            expected);
}

// The costs of the network are the same from a checkpoint, from its weights as files, and from its
// settings.
TEST_F(ConvertTool, LayersOfANetworkAreInspected) {
  const auto inspect = [](const std::string& file, const Words& more = {}) {
    Words words = {ToolPath("inspect-file").string(), "--json", "--layers"};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(file);
    const auto result = RunCommand(words);
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return nlohmann::json::parse(result.out);
  };
  const auto expected = inspect(Checkpoint());
  EXPECT_EQ(expected["kind"], "checkpoint");
  EXPECT_EQ(expected["clip"], "3 x 16 x 32 x 32");
  EXPECT_EQ(expected["num_classes"], 8);
  EXPECT_EQ(expected["rows"][0].dump(),
            R"({"kind":"convolution","layer":"conv1","multiply_adds":16859136,)"
            R"("output":"8 x 8 x 16 x 16","parameters":8232})");
  EXPECT_EQ(expected["rows"].back()["layer"], "fc");
  ASSERT_EQ(Convert(Checkpoint(), At("layers.safetensors")).exit_status, 0);
  EXPECT_EQ(inspect(At("layers.safetensors"))["rows"], expected["rows"]);
  // A .pth file holds neither the stride of its first convolution nor the size of its clips.
  ASSERT_EQ(Convert(Checkpoint(), At("layers.pth")).exit_status, 0);
  const auto twice = inspect(At("layers.pth"), {"--clip-frames", "8", "--size", "32"});
  EXPECT_EQ(twice["rows"], expected["rows"]);
  EXPECT_EQ(inspect(At("layers.pth"))["clip"], "3 x 16 x 112 x 112");
  WriteFileAtomically(At("layers.ini"), "recipe = hara2020\ndepth = 10\nwidth = 0.125\n");
  const auto of_settings = inspect(At("layers.ini"), {"--size", "32"});
  EXPECT_EQ(of_settings["network"], "r3d-10, shortcut b, width 0.125");
  EXPECT_EQ(of_settings["num_classes"], 400);
  WriteFileAtomically(At("layers.ini"), "deepth = 10\n");
  EXPECT_EQ(
      RunCommand({ToolPath("inspect-file").string(), "--layers", At("layers.ini")}).exit_status, 3);
  EXPECT_EQ(
      RunCommand({ToolPath("inspect-file").string(), "--size", "32", At("layers.pth")}).exit_status,
      2);
}

// A file of another family, with names other than ours, scores the same after its conversion.
TEST_F(ConvertTool, PublishedFilesOfOtherFamilies) {
  NetworkOptions options;
  options.model = "i3d";
  options.width = 0.0625;
  options.num_classes = 8;
  NamedTensors theirs = StateDict(*MakeNetwork(options, 5));
  const Words ours_to_theirs = {"logits.", "conv3d_0c_1x1.", "Conv3d_", "conv3d_",       //
                                "Mixed_",  "mixed_",         ".b0.",    ".branch_0.",    //
                                ".b1a.",   ".branch_1.0.",   ".b1b.",   ".branch_1.1.",  //
                                ".b2a.",   ".branch_2.0.",   ".b2b.",   ".branch_2.1.",  //
                                ".b3b.",   ".branch_3.1.",   ".bn.",    ".batch3d."};
  for (auto& [name, tensor] : theirs) {
    for (size_t i = 0; i < ours_to_theirs.size(); i += 2) {
      const size_t at = name.find(ours_to_theirs[i]);
      if (at != std::string::npos) {
        name.replace(at, ours_to_theirs[i].size(), ours_to_theirs[i + 1]);
      }
    }
  }
  SavePth(At("theirs.pth"), theirs);
  const auto inspected = RunCommand({ToolPath("inspect-file").string(), At("theirs.pth")});
  EXPECT_THAT(inspected.out, HasSubstr("i3d --width 0.0625, 8 classes"));
  const auto converted = Convert(At("theirs.pth"), At("ours.safetensors"));
  ASSERT_EQ(converted.exit_status, 0) << converted.err;
  WriteFileAtomically(At("i3d.ini"), "sample-size = 32\npixel-range = 1\nmean = 0.5,0.5,0.5\n");
  const Words use = {"--preprocessing", At("i3d.ini"), "--classes", Shards() + "/classes.txt"};
  const std::vector<float> logits = Logits(At("theirs.pth"), "scores_theirs", use);
  EXPECT_NE(logits.at(0), logits.at(1));
  EXPECT_EQ(Logits(At("ours.safetensors"), "scores_ours", use), logits);
  // The file is refused as the start of a network of another family, and the message says why.
  const auto other = RunCommand(Command(0, "other", {"--finetune", At("theirs.pth")}));
  EXPECT_EQ(other.exit_status, 3);
  EXPECT_THAT(other.err, HasSubstr("--model i3d"));
  const auto tuned = RunCommand(Command(
      0, "tuned",
      {"--finetune", At("theirs.pth"), "--model", "i3d", "--width", "0.0625", "--epochs", "1"}));
  EXPECT_EQ(tuned.exit_status, 0) << tuned.err;
  EXPECT_THAT(tuned.err, HasSubstr("logits.conv3d drawn anew for 8 classes"));
  const auto script =
      Convert(At("theirs.pth"), At("theirs.pt"), {"--clip-frames", "16", "--size", "32"});
  ASSERT_EQ(script.exit_status, 0) << script.err;
  EXPECT_THAT(script.out, HasSubstr("takes clips of 16 frames of 32 x 32 pixels alone"));
  Network network = MakeNetwork(options, 5);
  network->eval();
  const at::NoGradGuard no_grad;
  const at::Tensor clips = at::rand({2, 3, 16, 32, 32});
  EXPECT_TRUE(at::allclose(torch::jit::load(At("theirs.pt")).forward({clips}).toTensor(),
                           network->forward(clips), 1e-4, 1e-5));
}

TEST_F(ConvertTool, SaysWhatItCannotDo) {
  EXPECT_EQ(Convert(Checkpoint(), At("x.onnx")).exit_status, 2);
  ASSERT_EQ(Convert(Checkpoint(), At("there.pth")).exit_status, 0);
  const auto there = Convert(Checkpoint(), At("there.pth"));
  EXPECT_EQ(there.exit_status, 2);
  EXPECT_THAT(there.err, HasSubstr("--overwrite"));
  EXPECT_EQ(Convert(Checkpoint(), At("there.pth"), {"--overwrite"}).exit_status, 0);
  EXPECT_EQ(Convert(At("absent.pth"), At("x.pth")).exit_status, 3);
  EXPECT_EQ(Convert(Shards(), At("x.pth")).exit_status, 3);
  WriteFileAtomically(At("evil.pth"),
                      "\x80\x02"
                      "cos\nsystem\nX\4\0\0\0exit\x85R.");
  const auto evil = Convert(At("evil.pth"), At("x.pth"));
  EXPECT_EQ(evil.exit_status, 3);
  EXPECT_THAT(evil.err, HasSubstr("os.system"));
  const std::string kinds = (SourceFolder() / "tests/golden/kinds_zip.pth").string();
  EXPECT_EQ(Convert(kinds, At("kinds.safetensors")).exit_status, 0);
  const auto unknown = Convert(kinds, At("kinds.pt"));
  EXPECT_EQ(unknown.exit_status, 3);
  EXPECT_THAT(unknown.err, HasSubstr("no network"));
  EXPECT_FALSE(fs::exists(At("kinds.pt")));
  ExpectNoTemporaries(folder_->path());
}

}  // namespace
}  // namespace reel3d::test
