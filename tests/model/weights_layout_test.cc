// Every network is found again from the names and shapes of its own weights.
// SPDX-License-Identifier: Apache-2.0
#include "lib/model/weights_layout.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "lib/model/network.h"
#include "lib/model/weights.h"

namespace reel3d {
namespace {

std::vector<TensorHeader> HeadersOf(const NetworkOptions& options) {
  std::vector<TensorHeader> headers;
  for (const auto& [name, tensor] : StateDict(*MakeNetwork(options))) {
    headers.push_back({name, "F32", tensor.sizes().vec()});
  }
  return headers;
}

TEST(WeightsLayout, FindsEveryR3d) {
  for (const int depth : {10, 18, 34, 50, 101, 152, 200}) {
    for (const char* shortcut : {"a", "b"}) {
      for (const double width : {0.03, 0.0625, 0.1}) {
        NetworkOptions options;
        options.depth = depth;
        options.shortcut = shortcut;
        options.width = width;
        options.num_classes = depth;
        options.stem_frames = depth > 50 ? 3 : 7;
        const std::vector<TensorHeader> headers = HeadersOf(options);
        const std::optional<WeightsLayout> layout = FindLayout(headers);
        ASSERT_TRUE(layout) << depth << shortcut << width;
        EXPECT_EQ(layout->family, "r3d");
        EXPECT_EQ(layout->num_classes, depth);
        const std::string begin = "depth = " + std::to_string(depth) + "\nshortcut = " + shortcut;
        EXPECT_EQ(layout->settings.compare(0, begin.size(), begin), 0) << layout->settings;
        // A width that makes the same channels.
        const size_t at = layout->settings.find("width = ") + 8;
        options.width = std::stod(layout->settings.substr(at));
        const std::vector<TensorHeader> again = HeadersOf(options);
        for (size_t i = 0; i < headers.size(); ++i) {
          ASSERT_EQ(again[i].shape, headers[i].shape) << headers[i].name << layout->settings;
        }
      }
    }
  }
}

TEST(WeightsLayout, SaysTheSizesOfThePaper) {
  const auto layout = FindLayout(HeadersOf({}));
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->Describe(),
            "r3d --depth 18 --shortcut a --width 1 --stem-frames 7, 400 classes");
}

// Grouped convolutions, pre-activation and other expansions use the same names.
TEST(WeightsLayout, OthersAreNotTakenForR3d) {
  NetworkOptions options;
  options.depth = 50;
  options.width = 0.0625;
  const auto with = [&](const std::string& name, std::vector<int64_t> shape) {
    std::vector<TensorHeader> headers = HeadersOf(options);
    for (TensorHeader& header : headers) {
      header.shape = header.name == name ? shape : header.shape;
    }
    return FindLayout(headers);
  };
  EXPECT_TRUE(with("none", {}));
  EXPECT_FALSE(with("layer1.0.conv2.weight", {4, 1, 3, 3, 3}));
  EXPECT_FALSE(with("layer1.0.conv3.weight", {8, 4, 1, 1, 1}));
  EXPECT_FALSE(with("layer2.0.bn1.weight", {16}));
  EXPECT_FALSE(with("conv1.weight", {4, 3, 7, 5, 5}));
  EXPECT_FALSE(with("layer4.0.conv1.weight", {33, 32, 1, 1, 1}));
  EXPECT_FALSE(FindLayout({}));
}

}  // namespace
}  // namespace reel3d
