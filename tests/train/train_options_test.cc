// Compares the recipe files with the defaults in the code, and with their sources.
// SPDX-License-Identifier: Apache-2.0
#include "lib/train/train_options.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <sstream>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/cli/tool.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

std::string RecipeText(const std::string& name) {
  return ReadFile(test::SourceFolder() / "configs/recipes" / (name + ".ini"));
}

TrainOptions FromRecipe(const std::string& name) {
  TrainOptions options;
  ReadConfig([&](OptionBinder& binder) { options.Bind(binder); }, RecipeText(name), name);
  options.Check();
  return options;
}

TEST(Recipes, Paper2017IsTheDefaultToTheLastKey) {
  TrainOptions defaults;
  TrainOptions recipe = FromRecipe("paper2017");
  EXPECT_EQ(FormatConfig(recipe), FormatConfig(defaults));
  // Options that the file leaves out must not be part of a recipe.
  std::istringstream lines(FormatConfig(defaults, /*only_output=*/true));
  const std::string text = RecipeText("paper2017");
  for (std::string line; std::getline(lines, line);) {
    const std::string key = line.substr(0, line.find(" ="));
    if (key != "seed" && key != "micro-batch" && key != "milestones" && key != "warmup-start" &&
        key.rfind("finetune", 0) != 0) {
      EXPECT_NE(text.find("\n" + key + " ="), std::string::npos) << key << " is not in the file";
    }
  }
}

// Each key must stand below a comment, with only other keys between them.
TEST(Recipes, EveryKeyCarriesItsSource) {
  for (const char* name : {"paper2017", "cvpr2018", "hara2020", "torchvision", "i3d", "c3d"}) {
    std::istringstream lines(RecipeText(name));
    bool explained = false;
    int num_keys = 0;
    for (std::string line; std::getline(lines, line);) {
      explained = !line.empty() && (explained || line[0] == '#');
      if (line.find(" = ") != std::string::npos && line[0] != '#') {
        ++num_keys;
        EXPECT_TRUE(explained) << name << ": " << line;
      }
    }
    EXPECT_GT(num_keys, 5) << name;
  }
}

// The rate is scaled only if --scale-lr is given, in proportion to the batch.
TEST(TrainOptions, ScaleLrIsForTheBatch) {
  TrainOptions options;
  options.batch = 64;
  EXPECT_EQ(options.ScaledSchedule().lr, 0.1);
  options.scale_lr = 256;
  EXPECT_DOUBLE_EQ(options.ScaledSchedule().lr, 0.025);
  EXPECT_EQ(options.schedule.lr, 0.1);
}

// The values are those of the three codes.
TEST(Recipes, DifferWhereTheirCodesDiffer) {
  const TrainOptions paper = FromRecipe("paper2017");
  const TrainOptions cvpr = FromRecipe("cvpr2018");
  const TrainOptions hara = FromRecipe("hara2020");
  EXPECT_EQ(paper.network.shortcut, ShortcutType::kA);
  EXPECT_EQ(cvpr.network.shortcut, ShortcutType::kB);
  EXPECT_EQ(hara.network.shortcut, ShortcutType::kB);
  EXPECT_EQ(paper.sgd.dampening, 0.9);
  EXPECT_EQ(cvpr.sgd.dampening, 0.9);
  EXPECT_EQ(hara.sgd.dampening, 0.0);
  EXPECT_EQ(paper.schedule.kind, ScheduleKind::kPlateau);
  EXPECT_EQ(paper.schedule.max_decays, 3);
  EXPECT_EQ(hara.schedule.kind, ScheduleKind::kMultistep);
  EXPECT_EQ(hara.schedule.milestones, (std::vector<double>{50, 100, 150}));
  EXPECT_EQ(paper.batch, 256);
  EXPECT_EQ(hara.batch, 128);
  EXPECT_EQ(hara.crop.crop, TrainCrop::kRandom);
  EXPECT_EQ(paper.crop.crop, TrainCrop::kCorner);
  EXPECT_EQ(paper.input.mean, (std::vector<double>{114.7748, 107.7354, 99.4750}));
  EXPECT_EQ(hara.input.pixel_range, 1);
  EXPECT_EQ(hara.input.std, (std::vector<double>{0.2768, 0.2713, 0.2737}));
  EXPECT_EQ(paper.clip_start, ClipStart::kInclusive);
  EXPECT_EQ(hara.clip_start, ClipStart::kExcludeLast);
  EXPECT_EQ(paper.last_batch, LastBatch::kDrop);
  EXPECT_EQ(hara.last_batch, LastBatch::kKeep);
}

// The expected input for an R, G, B pixel is computed by hand from the weights' documentation.
TEST(Recipes, MakePixelsAsPublishedWeightsExpectThem) {
  struct Case {
    const char* recipe;
    int clip_length, size;
    std::vector<double> expected;  // for the pixel 255, 51, 0
  };
  const std::vector<Case> cases = {
      {"torchvision",
       16,
       112,
       {(1 - 0.43216) / 0.22803, (0.2 - 0.394666) / 0.22145, -0.37645 / 0.216989}},
      {"i3d", 64, 224, {1, -0.6, -1}},
      {"c3d", 16, 112, {0 - 90, 51 - 98, 255 - 102}}};
  for (const Case& c : cases) {
    const TrainOptions options = FromRecipe(c.recipe);
    EXPECT_EQ(options.clip.length, c.clip_length) << c.recipe;
    EXPECT_EQ(options.crop.size, c.size) << c.recipe;
    ClipInput input(options.input, at::kCPU);
    const at::Tensor pixel =
        torch::tensor({255, 51, 0}, at::kByte).view({1, 3, 1, 1, 1}).expand({1, 3, 2, 1, 1});
    const at::Tensor found = input.ToInput(pixel.contiguous());
    for (int channel = 0; channel < 3; ++channel) {
      EXPECT_NEAR(found[0][channel][1][0][0].item<double>(),
                  c.expected[static_cast<size_t>(channel)], 1e-4)
          << c.recipe << ", channel " << channel;
    }
  }
}

TEST(TrainOptions, RefusesWhatContradictsItself) {
  TrainOptions nesterov;
  nesterov.sgd.nesterov = true;
  EXPECT_THROW(nesterov.Check(), Error);
  TrainOptions plateau;
  plateau.validation.every = 5;
  EXPECT_THROW(plateau.Check(), Error);
  TrainOptions mean;
  mean.input.mean = {1, 2};
  EXPECT_THROW(mean.Check(), Error);
  TrainOptions milestones;
  milestones.schedule.milestones = {10, 5};
  EXPECT_THROW(milestones.Check(), Error);
}

// See reference.md 1.7: issues 47 and 70 of the authors' repository.
TEST(Recipes, FineTuningIsTheAuthors) {
  for (const auto& [name, depth] :
       {std::pair("ucf101-finetune", 18), std::pair("hmdb51-finetune", 34)}) {
    TrainOptions options = FromRecipe("cvpr2018");
    const std::string config = ReadFile(test::SourceFolder() / "configs" / name / "train.ini");
    ReadConfig([&](OptionBinder& binder) { options.Bind(binder); }, config, name);
    options.Check();
    EXPECT_EQ(options.recipe, "cvpr2018");
    EXPECT_EQ(options.network.depth, depth);
    EXPECT_EQ(options.network.shortcut, ShortcutType::kA);
    EXPECT_EQ(options.finetune.from, "layer4");
    EXPECT_EQ(options.finetune.lr_factor, 1);
    EXPECT_EQ(options.finetune.bn, FrozenStatistics::kMoving);
    EXPECT_EQ(options.schedule.lr, 1e-3);
    EXPECT_EQ(options.sgd.weight_decay, 1e-5);
    EXPECT_EQ(options.sgd.dampening, 0.9);
    EXPECT_EQ(options.batch, 128);
    EXPECT_EQ(options.epochs, 300);
  }
}

}  // namespace
}  // namespace reel3d
