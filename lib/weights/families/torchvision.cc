// Recognises weights of the video networks of torchvision: residual, 18 layers. They share this
// file because torchvision builds them from one plan.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string_view>

#include "lib/weights/family.h"
#include "lib/weights/family_list.h"
#include "lib/weights/resnet_depths.h"
#include "lib/weights/tensor_shapes.h"

namespace reel3d {
namespace {

constexpr const char* kR3d18 = "r3d_18";
constexpr const char* kMc318 = "mc3_18";
constexpr const char* kR2plus1d18 = "r2plus1d_18";

// Returns the layout if the tensors are those of torchvision's network `name`.
std::optional<WeightsLayout> FindNetwork(const TensorShapes& tensors, std::string_view name) {
  const bool factorized = tensors.Has("stem.3.weight");
  std::vector<Scaled> scaled = {{64, tensors.Outputs(factorized ? "stem.3" : "stem.0")}};
  if (factorized) {
    scaled.push_back({45, tensors.Outputs("stem.0")});
  }
  for (int64_t layer = 0; layer < 4; ++layer) {
    scaled.push_back({64 << layer, tensors.Outputs(fmt::format("layer{}.0.conv1.1", layer + 1))});
  }
  const std::optional<double> width = FindWidth(scaled);
  const bool plain = tensors.Extent("layer1.0.conv1.0.weight", 2) == 3;
  if (!width || tensors.Extent("stem.0.weight", 3) != 7 || plain == factorized ||
      tensors.CountBlocks("conv1.1") != kResNetDepths[1].blocks) {
    return std::nullopt;
  }
  const bool in_time = tensors.Extent("layer2.0.conv1.0.weight", 2) == 3;
  const char* const found = factorized ? kR2plus1d18 : (in_time ? kR3d18 : kMc318);
  if (found != name) {
    return std::nullopt;
  }
  return WeightsLayout{found, fmt::format("width = {}\n", *width), tensors.Outputs("fc"), "fc"};
}

Family TorchvisionRow(const char* name) {
  Family row;
  row.name = name;
  row.help = "torchvision's";
  row.recipes = {"torchvision"};
  return row;
}

}  // namespace

template <>
Family RowOf<family::R3d18>() {
  Family row = TorchvisionRow(kR3d18);
  row.find_layout = [](const TensorShapes& tensors) { return FindNetwork(tensors, kR3d18); };
  return row;
}

template <>
Family RowOf<family::Mc318>() {
  Family row = TorchvisionRow(kMc318);
  row.find_layout = [](const TensorShapes& tensors) { return FindNetwork(tensors, kMc318); };
  return row;
}

template <>
Family RowOf<family::R2plus1d18>() {
  Family row = TorchvisionRow(kR2plus1d18);
  row.find_layout = [](const TensorShapes& tensors) { return FindNetwork(tensors, kR2plus1d18); };
  return row;
}

}  // namespace reel3d
