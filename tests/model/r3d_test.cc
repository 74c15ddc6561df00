// Shapes, numbers of parameters, tensor names and initial weights of the usual networks.
// SPDX-License-Identifier: Apache-2.0
#include "lib/model/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "lib/base/error.h"
#include "lib/model/profile.h"
#include "lib/model/weights.h"

namespace reel3d {
namespace {

NetworkOptions Options(int depth, ShortcutType shortcut, double width, int num_classes) {
  NetworkOptions options;
  options.depth = depth;
  options.shortcut = shortcut;
  options.width = width;
  options.num_classes = num_classes;
  return options;
}

TEST(R3d, CountsParametersAsTheReference) {
  struct Case {
    int depth;
    ShortcutType shortcut;
    int64_t with_400, with_700;
  };
  for (const Case& c : {Case{18, ShortcutType::kA, 33'235'280, 33'389'180},
                        Case{18, ShortcutType::kB, 33'409'104, 33'563'004},
                        Case{34, ShortcutType::kA, 63'544'912, 63'698'812},
                        Case{34, ShortcutType::kB, 63'718'736, 63'872'636},
                        Case{50, ShortcutType::kA, 44'242'000, 44'856'700},
                        Case{50, ShortcutType::kB, 47'018'576, 47'633'276}}) {
    EXPECT_EQ(CountParameters(*MakeNetwork(Options(c.depth, c.shortcut, 1, 400))), c.with_400)
        << c.depth << NameOf(c.shortcut);
    EXPECT_EQ(CountParameters(*MakeNetwork(Options(c.depth, c.shortcut, 1, 700))), c.with_700)
        << c.depth << NameOf(c.shortcut);
  }
}

TEST(R3d, HasTheReferencesShapesWithin) {
  for (const int depth : {18, 50}) {
    const int64_t expansion = depth == 50 ? 4 : 1;
    const std::string last = depth == 50 ? ".2.conv3" : ".1.conv2";
    std::map<std::string, std::vector<int64_t>> outputs;
    for (const LayerProfile& layer :
         ProfileNetwork(Options(depth, ShortcutType::kB, 1, 7), 16, 112, 112).layers) {
      outputs[layer.name] = layer.output;
    }
    EXPECT_THAT(outputs["conv1"], testing::ElementsAre(64, 16, 56, 56));
    EXPECT_THAT(outputs["layer1" + last], testing::ElementsAre(64 * expansion, 8, 28, 28));
    EXPECT_THAT(outputs["layer2.0.downsample.0"], testing::ElementsAre(128 * expansion, 4, 14, 14));
    EXPECT_THAT(outputs["layer3.0.downsample.0"], testing::ElementsAre(256 * expansion, 2, 7, 7));
    EXPECT_THAT(outputs["layer4" + last], testing::ElementsAre(512 * expansion, 1, 4, 4));
    EXPECT_THAT(outputs["fc"], testing::ElementsAre(7));
  }
}

TEST(R3d, NamesItsStateAsTheReference) {
  std::map<std::string, at::Tensor> state;
  for (const auto& [name, tensor] :
       StateDict(*MakeNetwork(Options(50, ShortcutType::kB, 0.125, 7)))) {
    state[name] = tensor;
  }
  for (const char* name :
       {"conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var",
        "bn1.num_batches_tracked", "layer1.0.conv1.weight", "layer1.2.bn3.running_var",
        "layer1.0.downsample.0.weight", "layer4.0.downsample.1.num_batches_tracked",
        "layer3.5.conv3.weight", "fc.weight", "fc.bias"}) {
    EXPECT_EQ(state.count(name), 1U) << name;
  }
  EXPECT_EQ(state.count("conv1.bias"), 0U);
  EXPECT_EQ(state.at("bn1.num_batches_tracked").scalar_type(), at::kLong);
  for (const auto& [name, tensor] :
       StateDict(*MakeNetwork(Options(50, ShortcutType::kA, 0.125, 7)))) {
    EXPECT_EQ(name.find("downsample"), std::string::npos) << name;
  }
}

TEST(R3d, BeginsFromItsSeedAlone) {
  const NetworkOptions options = Options(10, ShortcutType::kB, 0.25, 7);
  torch::manual_seed(1);
  const NamedTensors first = StateDict(*MakeNetwork(options, 5));
  torch::manual_seed(2);
  const NamedTensors again = StateDict(*MakeNetwork(options, 5));
  const NamedTensors other = StateDict(*MakeNetwork(options, 6));
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_TRUE(first[i].second.equal(again[i].second)) << first[i].first;
    if (first[i].second.dim() == 5) {
      EXPECT_FALSE(first[i].second.equal(other[i].second)) << first[i].first;
    }
  }
}

TEST(R3d, BeginsWithKaimingsSpread) {
  Network network = MakeNetwork(Options(18, ShortcutType::kB, 1, 400), 3);
  for (const auto& parameter : network->named_parameters()) {
    const at::Tensor& values = parameter.value();
    const std::string& name = parameter.key();
    if (values.dim() == 5) {
      // The tolerances are four standard errors of the mean and of the standard deviation.
      const double expected = std::sqrt(2.0 / static_cast<double>(values.numel() / values.size(1)));
      const double root = std::sqrt(static_cast<double>(values.numel()));
      EXPECT_NEAR(values.mean().item<double>(), 0, 4 * expected / root) << name;
      EXPECT_NEAR(values.std().item<double>(), expected, 4 * expected / root) << name;
    } else if (name.rfind("fc", 0) == 0) {
      const double bound = 1 / std::sqrt(512.0);
      EXPECT_LE(values.abs().max().item<double>(), bound) << name;
      EXPECT_GE(values.abs().max().item<double>(), 0.95 * bound) << name;
    } else {
      const double expected = name.find("weight") != std::string::npos ? 1 : 0;
      EXPECT_TRUE((values == expected).all().item<bool>()) << name;
    }
  }
}

// Only the shortcuts carry a gradient to the first layer if the residual branches are zero.
TEST(R3d, ShortcutAPassesGradients) {
  for (const int depth : {18, 50}) {
    Network network = MakeNetwork(Options(depth, ShortcutType::kA, 0.125, 7));
    for (auto& [name, tensor] : StateDict(*network)) {
      if (name.find(depth == 50 ? ".bn3." : ".bn2.") != std::string::npos &&
          tensor.is_floating_point()) {
        tensor.zero_();
      }
    }
    network->eval();
    network(at::rand({1, 3, 16, 48, 48})).sum().backward();
    EXPECT_GT(network->named_parameters()["conv1.weight"].grad().abs().max().item<double>(), 0)
        << depth;
  }
}

TEST(R3d, TakesNoClips) {
  for (const ShortcutType shortcut : {ShortcutType::kA, ShortcutType::kB}) {
    Network network = MakeNetwork(Options(10, shortcut, 0.125, 7));
    const at::Tensor logits = network(at::zeros({0, 3, 16, 48, 48}));
    EXPECT_EQ(logits.sizes(), at::IntArrayRef({0, 7}));
    logits.sum().backward();
    for (const auto& parameter : network->named_parameters()) {
      ASSERT_TRUE(parameter.value().grad().defined()) << parameter.key();
      EXPECT_EQ(parameter.value().grad().abs().max().item<double>(), 0) << parameter.key();
    }
    for (const auto& buffer : network->named_buffers()) {
      const double expected = buffer.key().find("var") != std::string::npos ? 1 : 0;
      EXPECT_TRUE((buffer.value() == expected).all().item<bool>()) << buffer.key();
    }
  }
}

TEST(R3d, WorksInHalfPrecision) {
  Network network = MakeNetwork(Options(50, ShortcutType::kA, 0.125, 7));
  network->to(at::kBFloat16);
  network->eval();
  const at::Tensor logits = network(at::rand({1, 3, 16, 48, 48}, at::kBFloat16));
  EXPECT_EQ(logits.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(logits.isfinite().all().item<bool>());
}

TEST(NetworkOptions, RefusesWhatIsNoNetwork) {
  const auto kind = [](NetworkOptions options) {
    try {
      options.Check();
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::kInternal;
  };
  EXPECT_NO_THROW(NetworkOptions().Check());
  EXPECT_EQ(kind(Options(19, ShortcutType::kA, 1, 7)), ErrorKind::kUsage);
  EXPECT_EQ(kind(Options(18, ShortcutType::kA, 0.001, 7)), ErrorKind::kUsage);
  EXPECT_EQ(kind(Options(18, ShortcutType::kA, 1, 0)), ErrorKind::kUsage);
  NetworkOptions even;
  even.stem_frames = 4;
  EXPECT_EQ(kind(even), ErrorKind::kUsage);
}

}  // namespace
}  // namespace reel3d
