// Recognises weights of DenseNet-BC with 3D kernels (densenet.py of the authors' Python).
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "lib/weights/families/densenet_plan.h"
#include "lib/weights/family.h"
#include "lib/weights/family_list.h"
#include "lib/weights/tensor_shapes.h"

namespace reel3d {
namespace {

// Counts the layers of denseblock1 .. denseblock4. The count of a block ends at a layer that does
// not add `growth` channels to its input. `channels` must be the channels that go into the first
// block. It becomes the channels that come out of the last block.
std::array<int64_t, 4> CountDenseLayers(const TensorShapes& tensors, int64_t growth,
                                        int64_t* channels) {
  std::array<int64_t, 4> counts = {};
  for (size_t block = 0; block < counts.size(); ++block) {
    const auto is_next = [&] {
      const std::string layer =
          fmt::format("features.denseblock{}.denselayer{}.", block + 1, counts[block] + 1);
      return tensors.Inputs(layer + "conv1") == *channels &&
             tensors.Outputs(layer + "conv1") == kDenseBottleneck * growth &&
             tensors.Outputs(layer + "conv2") == growth;
    };
    for (; is_next(); ++counts[block]) {
      *channels += growth;
    }
    *channels /= block < 3 ? 2 : 1;
  }
  return counts;
}

std::optional<WeightsLayout> FindDenseNet(const TensorShapes& tensors) {
  const Stem stem = {tensors.Outputs("features.conv1"), tensors.Extent("features.conv1.weight", 2)};
  const int64_t growth = tensors.Outputs("features.denseblock1.denselayer1.conv2");
  if (growth == 0) {
    return std::nullopt;
  }
  int64_t channels = stem.channels;
  const std::array<int64_t, 4> layers = CountDenseLayers(tensors, growth, &channels);
  const std::optional<std::string> width = WidthAndStem(stem, {{kDenseGrowth, growth}});
  for (const DenseNetDepth& depth : kDenseNetDepths) {
    if (width && depth.blocks == layers && tensors.Extent("features.conv1.weight", 3) == 7 &&
        tensors.Outputs("features.norm5") == channels) {
      return WeightsLayout{"densenet", fmt::format("depth = {}\n{}", depth.layers, *width),
                           tensors.Outputs("classifier"), "classifier"};
    }
  }
  return std::nullopt;
}

// The authors' code of 2018 and torchvision before 0.2.1 have all of the other names. Later
// versions of torchvision have only the first two. The authors' code of 2020 has ours.
bool HasOtherDenseNetNames(const TensorShapes& tensors) {
  return tensors.HasAxes("features.denseblock1.denselayer1.conv.2.weight", 5) ||
         tensors.HasAxes("features.denseblock1.denselayer1.conv2.weight", 5);
}

}  // namespace

template <>
Family RowOf<family::DenseNet>() {
  Family row;
  row.name = "densenet";
  for (const DenseNetDepth& depth : kDenseNetDepths) {
    row.depths.push_back(depth.layers);
  }
  row.recipes = {"cvpr2018", "hara2020"};
  row.find_layout = FindDenseNet;
  row.other_names = {HasOtherDenseNetNames,
                     {{"features.conv0.", "features.conv1."},
                      {"features.norm0.", "features.norm1."},
                      {".norm.1.", ".norm1."},
                      {".norm.2.", ".norm2."},
                      {".conv.1.", ".conv1."},
                      {".conv.2.", ".conv2."}}};
  row.authors = AuthorsFamily{"densenet", ""};
  return row;
}

}  // namespace reel3d
