// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/tensor_shapes.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/weights/channels.h"
#include "lib/weights/resnet_depths.h"

namespace reel3d {

TensorShapes::TensorShapes(const std::vector<TensorHeader>& tensors) {
  for (const TensorHeader& tensor : tensors) {
    shapes_[tensor.name] = tensor.shape;
  }
}

bool TensorShapes::HasAxes(const std::string& name, size_t num_axes) const {
  const auto found = shapes_.find(name);
  return found != shapes_.end() && found->second.size() == num_axes;
}

int64_t TensorShapes::Extent(const std::string& name, size_t axis) const {
  const auto found = shapes_.find(name);
  return found == shapes_.end() || axis >= found->second.size() ? 0 : found->second[axis];
}

std::array<int64_t, 4> TensorShapes::CountBlocks(const std::string& part) const {
  std::array<int64_t, 4> counts = {};
  for (size_t layer = 0; layer < 4; ++layer) {
    while (Has(fmt::format("layer{}.{}.{}.weight", layer + 1, counts[layer], part))) {
      ++counts[layer];
    }
  }
  return counts;
}

std::optional<double> FindWidth(const std::vector<Scaled>& layers) {
  double low = 1.0 / 64, high = 17;
  for (const auto& [base, channels] : layers) {
    const auto at_full_width = static_cast<double>(base);
    low = std::max(low, channels == 1 ? 0 : static_cast<double>(channels) / at_full_width);
    high = std::min(high, static_cast<double>(channels + 1) / at_full_width);
  }
  // The lowest possible width is a round number for usual widths. Its rounding may give wrong
  // channels for others, so the middle is tried as well.
  for (const double width : {low, (low + high) / 2}) {
    if (std::all_of(layers.begin(), layers.end(), [&](const Scaled& layer) {
          return layer.channels == ScaledChannels(layer.base, width);
        })) {
      return width;
    }
  }
  return std::nullopt;
}

std::optional<std::string> WidthAndStem(const Stem& stem, std::vector<Scaled> scaled) {
  std::string channels;
  scaled.push_back({64, stem.channels});
  std::optional<double> width = FindWidth(scaled);
  if (!width && stem.channels > 0) {
    scaled.pop_back();
    width = FindWidth(scaled);
    channels = fmt::format("stem-channels = {}\n", stem.channels);
  }
  if (!width) {
    return std::nullopt;
  }
  return fmt::format("width = {}\nstem-frames = {}\n{}", *width, stem.frames, channels);
}

std::optional<WeightsLayout> ResidualLayout(const TensorShapes& tensors, const char* family,
                                            bool bottlenecks, const std::array<int64_t, 4>& blocks,
                                            const std::vector<Scaled>& scaled, const Stem& stem) {
  const std::optional<std::string> width = WidthAndStem(stem, scaled);
  for (const ResNetDepth& depth : kResNetDepths) {
    if (width && depth.bottlenecks == bottlenecks && depth.blocks == blocks) {
      return WeightsLayout{
          family,
          fmt::format("depth = {}\nshortcut = {}\n{}", depth.layers,
                      tensors.Has("layer2.0.downsample.0.weight") ? "b" : "a", *width),
          tensors.Outputs("fc"), "fc"};
    }
  }
  return std::nullopt;
}

}  // namespace reel3d
