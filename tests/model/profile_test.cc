// Compares the costs of networks with published figures and arithmetic by hand.
// SPDX-License-Identifier: Apache-2.0
#include "lib/model/profile.h"

#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/model/weights.h"

namespace reel3d {
namespace {

NetworkOptions Options(const std::string& model, int depth = 18,
                       ShortcutType shortcut = ShortcutType::kA) {
  NetworkOptions options;
  options.model = model;
  options.depth = depth;
  options.shortcut = shortcut;
  return options;
}

// Expects parameters (with 400 classes) and multiply-adds of the reference's networks, computed
// from the shapes of their layers.
TEST(Profile, CountsAsThePaper) {
  struct Case {
    int depth;
    ShortcutType shortcut;
    int64_t parameters;
    double giga;
  };
  for (const Case& c : {Case{18, ShortcutType::kA, 33'235'280, 8.296},
                        Case{18, ShortcutType::kB, 33'409'104, 8.308},
                        Case{34, ShortcutType::kA, 63'544'912, 12.685},
                        Case{34, ShortcutType::kB, 63'718'736, 12.696},
                        Case{50, ShortcutType::kA, 44'242'000, 9.779},
                        Case{50, ShortcutType::kB, 47'018'576, 10.069}}) {
    const NetworkProfile profile =
        ProfileNetwork(Options("r3d", c.depth, c.shortcut), 16, 112, 112);
    EXPECT_EQ(profile.parameters, c.parameters) << c.depth << NameOf(c.shortcut);
    EXPECT_NEAR(static_cast<double>(profile.multiply_adds) / 1e9, c.giga, 0.0005)
        << c.depth << NameOf(c.shortcut);
  }
}

// C3D: 38.5 G multiply-adds, and 80 M parameters with the 487 classes of Sports-1M. I3D: 278.981
// GFLOP, two a multiply-add, for 79 frames, and 12.69 M parameters (docs.openvino.ai, i3d-rgb-tf).
// torchvision's documentation: r3d_18 33,371,472, mc3_18 11,695,440, r2plus1d_18 31,505,325.
TEST(Profile, CountsAsPublished) {
  NetworkOptions c3d = Options("c3d");
  c3d.num_classes = 487;
  const NetworkProfile of_c3d = ProfileNetwork(c3d, 16, 112, 112);
  EXPECT_EQ(of_c3d.parameters, 79'991'015);
  EXPECT_NEAR(static_cast<double>(of_c3d.multiply_adds) / 1e9, 38.5, 0.06);
  const NetworkProfile of_i3d = ProfileNetwork(Options("i3d"), 79, 224, 224);
  EXPECT_NEAR(static_cast<double>(of_i3d.parameters) / 1e6, 12.69, 0.01);
  EXPECT_NEAR(2 * static_cast<double>(of_i3d.multiply_adds) / 1e9, 278.981, 1.4);
  // The numbers of parameters come from tests/golden/networks.py.
  EXPECT_EQ(ProfileNetwork(Options("densenet", 121), 16, 32, 32).parameters, 11'696'528);
  EXPECT_EQ(ProfileNetwork(Options("r3d_18"), 8, 32, 32).parameters, 33'371'472);
  EXPECT_EQ(ProfileNetwork(Options("mc3_18"), 8, 32, 32).parameters, 11'695'440);
  EXPECT_EQ(ProfileNetwork(Options("r2plus1d_18"), 8, 32, 32).parameters, 31'505'325);
}

// Every parameter of every family is in a layer that is computed.
TEST(Profile, MissesNoLayer) {
  for (const std::string& model : ModelNames()) {
    NetworkOptions options = Options(model, model == "densenet" ? 121 : 50);
    options.width = 0.125;
    const NetworkProfile profile = ProfileNetwork(options, 16, 112, 112);
    EXPECT_EQ(profile.parameters, CountParameters(*MakeNetwork(options))) << model;
    EXPECT_GT(profile.multiply_adds, 0);
    EXPECT_GT(profile.training_bytes, profile.inference_bytes) << model;
  }
}

// A mean pooling counts as a layer, whatever its form: I3D's window of 2 x 7 x 7, and DenseNet's
// poolings that halve the size.
TEST(Profile, ShowsPoolings) {
  const auto poolings = [](const NetworkOptions& options, int64_t frames, int64_t size) {
    std::vector<std::vector<int64_t>> outputs;
    for (const LayerProfile& layer : ProfileNetwork(options, frames, size, size).layers) {
      if (layer.kind == "mean pool") {
        outputs.push_back(layer.output);
      }
    }
    return outputs;
  };
  using Outputs = std::vector<std::vector<int64_t>>;
  NetworkOptions i3d = Options("i3d");
  i3d.width = 0.125;
  i3d.num_classes = 5;
  EXPECT_EQ(poolings(i3d, 32, 224), (Outputs{{128, 3, 1, 1}, {5}}));
  NetworkOptions densenet = Options("densenet", 121);
  densenet.width = 0.125;
  EXPECT_EQ(poolings(densenet, 16, 112),
            (Outputs{{16, 4, 14, 14}, {32, 2, 7, 7}, {64, 1, 3, 3}, {128}}));
}

TEST(Profile, NamesShapesInOrder) {
  NetworkOptions options = Options("r3d", 10, ShortcutType::kB);
  options.num_classes = 7;
  const std::vector<LayerProfile> layers = ProfileNetwork(options, 16, 112, 96).layers;
  ASSERT_EQ(layers.size(), 2 * 9 + 2U * 3 + 2 + 1);
  EXPECT_EQ(layers[0].name, "conv1");
  EXPECT_EQ(layers[0].kind, "convolution");
  EXPECT_EQ(layers[0].output, (std::vector<int64_t>{64, 16, 56, 48}));
  EXPECT_EQ(layers[0].parameters, 64 * 3 * 343);
  EXPECT_EQ(layers[0].multiply_adds, int64_t{64} * 3 * 343 * 16 * 56 * 48);
  EXPECT_EQ(layers[1].name, "bn1");
  EXPECT_EQ(layers[1].parameters, 128);
  EXPECT_EQ(layers[1].multiply_adds, 0);
  EXPECT_EQ(layers[2].kind, "max pool");
  EXPECT_EQ(layers[2].output, (std::vector<int64_t>{64, 8, 28, 24}));
  EXPECT_EQ(layers.back().name, "fc");
  EXPECT_EQ(layers.back().output, (std::vector<int64_t>{7}));
  EXPECT_EQ(layers.back().multiply_adds, 512 * 7);
}

// `stem` is the size of the first convolution's output, computed by hand. Memory for backward holds
// at least the inputs of each convolution and batch norm. Twice as many frames need almost twice as
// much.
TEST(Profile, MeasuresActivations) {
  NetworkOptions options = Options("r3d", 10);
  options.max_pool = false;
  const NetworkProfile small = ProfileNetwork(options, 8, 112, 112);
  const NetworkProfile large = ProfileNetwork(options, 16, 112, 112);
  const int64_t stem = int64_t{64} * 16 * 56 * 56 * 4;
  EXPECT_GT(large.training_bytes, 2 * stem);   // the outputs of conv1 and of bn1
  EXPECT_LT(large.training_bytes, 12 * stem);  // layer1 keeps four, the others an eighth or less
  EXPECT_NEAR(static_cast<double>(large.training_bytes) / static_cast<double>(small.training_bytes),
              2, 0.05);
  EXPECT_GE(large.inference_bytes, 2 * stem);
  EXPECT_LT(large.inference_bytes, 5 * stem);
}

TEST(Profile, RefusesClipsThatTheNetworkDoes) {
  EXPECT_THROW(ProfileNetwork(Options("c3d"), 8, 112, 112), Error);
  NetworkOptions densenet = Options("densenet", 121);
  densenet.width = 0.125;
  EXPECT_EQ(ProfileNetwork(densenet, 15, 29, 29).layers.back().name, "classifier");
  EXPECT_THROW(ProfileNetwork(densenet, 14, 29, 29), Error);
  EXPECT_THROW(ProfileNetwork(densenet, 15, 28, 29), Error);
  densenet.stem_stride = 2;
  EXPECT_THROW(ProfileNetwork(densenet, 28, 29, 29), Error);
  EXPECT_EQ(ProfileNetwork(densenet, 29, 29, 29).layers.back().name, "classifier");
}

}  // namespace
}  // namespace reel3d
