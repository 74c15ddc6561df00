// Recognises weights of R(2+1)D (resnet2p1d.py of the authors' Python of 2020).
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "lib/weights/channels.h"
#include "lib/weights/family.h"
#include "lib/weights/family_list.h"
#include "lib/weights/resnet_depths.h"
#include "lib/weights/tensor_shapes.h"

namespace reel3d {
namespace {

std::optional<WeightsLayout> FindR2p1d(const TensorShapes& tensors) {
  const bool bottlenecks = tensors.Has("layer1.0.conv3.weight");
  const Stem stem = {tensors.Outputs("conv1_t"), tensors.Extent("conv1_t.weight", 2)};
  std::vector<Scaled> scaled;
  bool is_it = stem.channels > 0 && tensors.Extent("conv1_s.weight", 3) == 7 &&
               tensors.Outputs("conv1_s") == MiddlePlanes(3, stem.channels, stem.frames, 7);
  int64_t in = stem.channels;
  for (int64_t layer = 0; layer < 4; ++layer) {
    const std::string block = fmt::format("layer{}.0.", layer + 1);
    const std::string split = block + (bottlenecks ? "conv2" : "conv1");  // has the stride
    const int64_t planes = tensors.Outputs(split + "_t");
    scaled.push_back({64 << layer, planes});
    is_it = is_it && planes > 0 &&
            tensors.Outputs(split + "_s") == MiddlePlanes(bottlenecks ? planes : in, planes) &&
            (!bottlenecks || tensors.Outputs(block + "conv3") == 4 * planes);
    in = planes;
  }
  return is_it
             ? ResidualLayout(tensors, "r2p1d", bottlenecks,
                              tensors.CountBlocks(bottlenecks ? "conv1" : "conv1_s"), scaled, stem)
             : std::nullopt;
}

}  // namespace

template <>
Family RowOf<family::R2p1d>() {
  Family row;
  row.name = "r2p1d";
  row.help = "space, then time";
  for (const ResNetDepth& depth : kResNetDepths) {
    row.depths.push_back(depth.layers);
  }
  row.has_shortcuts = true;
  row.recipes = {"hara2020"};
  row.find_layout = FindR2p1d;
  row.authors = AuthorsFamily{"resnet2p1d", "resnet_widen_factor"};
  return row;
}

}  // namespace reel3d
