// Checks what fine-tuning loads, freezes and trains.
// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/finetune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <map>

#include "lib/base/error.h"
#include "lib/model/network.h"
#include "lib/model/weights.h"
#include "lib/model/weights_file.h"
#include "lib/train/loop/optimizer.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using testing::HasSubstr;
using State = std::map<std::string, at::Tensor>;

Network Small(int num_classes, uint64_t seed) {
  NetworkOptions options;
  options.depth = 10;
  options.width = 0.0625;
  options.num_classes = num_classes;
  return MakeNetwork(options, seed);
}

State StateOf(const Network& network) {
  State state;
  for (const auto& [name, tensor] : StateDict(*network)) {
    state[name] = tensor.clone();
  }
  return state;
}

bool IsHead(const std::string& name) { return name.rfind("fc.", 0) == 0; }

TEST(Finetune, TakesAllButTheHead) {
  const test::TemporaryFolder folder;
  const Network source = Small(7, 1);
  SavePth(folder / "source.pth", StateDict(*source));
  Network target = Small(3, 2);
  const State drawn = StateOf(target);
  EXPECT_THAT(LoadPretrained(*target, folder / "source.pth"),
              HasSubstr("fc drawn anew for 3 classes (the file has 7)"));
  const State pretrained = StateOf(source);
  for (const auto& [name, tensor] : StateOf(target)) {
    EXPECT_TRUE(tensor.equal(IsHead(name) ? drawn.at(name) : pretrained.at(name))) << name;
  }
  // The file has the same number of classes, but they may be other classes.
  Network same = Small(7, 2);
  const State drawn_same = StateOf(same);
  LoadPretrained(*same, folder / "source.pth");
  EXPECT_TRUE(same->named_parameters()["fc.weight"].equal(drawn_same.at("fc.weight")));
}

TEST(Finetune, RefusesAnotherNetworkByName) {
  const test::TemporaryFolder folder;
  NetworkOptions options;
  options.depth = 18;
  options.width = 0.0625;
  SavePth(folder / "source.pth", StateDict(*MakeNetwork(options)));
  try {
    LoadPretrained(*Small(3, 2), folder / "source.pth");
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr("unknown tensor layer1.1.bn1.bias"));
  }
}

// Takes one step on random clips. Returns the state before and after.
std::pair<State, State> Step(Network network, const FinetuneOptions& options) {
  if (!options.from.empty()) {
    FreezeBefore(*network, options.from);
  }
  Optimizer optimizer(*network, SgdOptions(), [&](const std::string& name) {
    return RateFactor(options, HeadOf(*network), name);
  });
  network->train();
  if (options.bn == FrozenStatistics::kFixed) {
    FixFrozenStatistics(*network);
  }
  const State before = StateOf(network);
  torch::manual_seed(3);
  network->forward(at::randn({2, 3, 8, 32, 32})).square().sum().backward();
  optimizer.Step(0.1);
  return {before, StateOf(network)};
}

bool IsStatistic(const std::string& name) {
  return name.find("running_") != std::string::npos ||
         name.find("num_batches") != std::string::npos;
}

TEST(Finetune, FrozenLayersKeepTheirWeights) {
  for (const FrozenStatistics bn : {FrozenStatistics::kMoving, FrozenStatistics::kFixed}) {
    FinetuneOptions options;
    options.file = "some";
    options.from = "layer4";
    options.bn = bn;
    const auto [before, after] = Step(Small(3, 1), options);
    for (const auto& [name, tensor] : after) {
      const bool learns = name.rfind("layer4.", 0) == 0 || IsHead(name);
      const bool moves = learns || (IsStatistic(name) && options.bn == FrozenStatistics::kMoving);
      EXPECT_NE(tensor.equal(before.at(name)), moves) << name << " with " << NameOf(bn);
    }
  }
}

TEST(Finetune, PretrainedLayersLearnAtTheirOwnRate) {
  FinetuneOptions options;
  options.file = "some";
  const auto [before, whole] = Step(Small(3, 1), options);
  options.lr_factor = 0.25;
  const auto [again, quarter] = Step(Small(3, 1), options);
  for (const auto& [name, tensor] : whole) {
    if (IsStatistic(name)) {
      continue;
    }
    const at::Tensor expected = (tensor - before.at(name)) * (IsHead(name) ? 1 : 0.25);
    EXPECT_TRUE(at::allclose(quarter.at(name) - before.at(name), expected, 1e-3, 1e-6)) << name;
  }
}

TEST(Finetune, LayersAreNamed) {
  EXPECT_EQ(HeadOf(*Small(3, 1)), "fc");
  const auto refusal = [](const std::string& layer) {
    try {
      FreezeBefore(*Small(3, 1), layer);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(refusal("layer5"), HasSubstr("layers are conv1, bn1, layer1"));
  EXPECT_THAT(refusal("conv1"), HasSubstr("nothing comes before"));
  EXPECT_EQ(refusal("layer3.0"), "accepted");
  EXPECT_GT(FreezeBefore(*Small(3, 1), "fc"), 10'000);
}

TEST(Finetune, OptionsWantAFile) {
  FinetuneOptions options;
  options.Check();
  options.from = "layer4";
  EXPECT_THROW(options.Check(), Error);
  options.file = "some.pth";
  options.Check();
}

}  // namespace
}  // namespace reel3d
