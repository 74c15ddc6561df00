// SPDX-License-Identifier: Apache-2.0
#include "lib/model/weights_layout.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <sstream>

namespace reel3d {
namespace {

// Shapes by name.
class Tensors {
 public:
  explicit Tensors(const std::vector<TensorHeader>& tensors) {
    for (const TensorHeader& tensor : tensors) {
      shapes_[tensor.name] = tensor.shape;
    }
  }
  bool Has(const std::string& name) const { return shapes_.count(name) > 0; }
  // Extent of an axis; 0 if there is no such tensor or axis.
  int64_t Extent(const std::string& name, size_t axis) const {
    const auto found = shapes_.find(name);
    return found == shapes_.end() || axis >= found->second.size() ? 0 : found->second[axis];
  }
  // Blocks of a layer that are there: from `layer`.0 on, by their first convolution.
  int64_t CountBlocks(const std::string& layer) const {
    int64_t count = 0;
    while (Has(fmt::format("{}.{}.conv1.weight", layer, count))) {
      ++count;
    }
    return count;
  }

 private:
  std::map<std::string, std::vector<int64_t>> shapes_;
};

// The --width that gives layers of these channels, as a network makes them of it: int(64 * width),
// int(128 * width) and so on.
std::optional<double> FindWidth(const std::array<int64_t, 4>& channels) {
  for (const double rounded_off : {0.0, 0.5}) {
    const double width = (static_cast<double>(channels[3]) + rounded_off) / 512;
    bool fits = channels[3] > 0;
    for (size_t layer = 0; layer < 4; ++layer) {
      fits = fits && channels[layer] == static_cast<int64_t>((64 << layer) * width);
    }
    if (fits) {
      return width;
    }
  }
  return std::nullopt;
}

struct R3dShape {
  int depth;
  bool bottleneck;
  std::array<int64_t, 4> blocks;
};
constexpr std::array<R3dShape, 7> kR3dShapes = {{{10, false, {1, 1, 1, 1}},
                                                 {18, false, {2, 2, 2, 2}},
                                                 {34, false, {3, 4, 6, 3}},
                                                 {50, true, {3, 4, 6, 3}},
                                                 {101, true, {3, 4, 23, 3}},
                                                 {152, true, {3, 8, 36, 3}},
                                                 {200, true, {3, 24, 36, 3}}}};

// The reference's resnet.py, its releases of 2017, 2018 and 2020 alike. Its ResNeXt, wide and
// pre-activation networks use the same names for other shapes.
std::optional<WeightsLayout> FindR3d(const Tensors& tensors) {
  const bool bottleneck = tensors.Has("layer1.0.conv3.weight");
  std::array<int64_t, 4> blocks{}, channels{};
  bool is_r3d = tensors.Extent("conv1.weight", 3) == 7;
  for (size_t i = 0; i < 4; ++i) {
    const std::string layer = fmt::format("layer{}", i + 1);
    blocks[i] = tensors.CountBlocks(layer);
    channels[i] = tensors.Extent(layer + ".0.conv1.weight", 0);
    is_r3d = is_r3d && tensors.Extent(layer + ".0.bn1.weight", 0) == channels[i] &&
             tensors.Extent(layer + ".0.conv2.weight", 1) == channels[i] &&
             (!bottleneck || tensors.Extent(layer + ".0.conv3.weight", 0) == 4 * channels[i]);
  }
  const std::optional<double> width = FindWidth(channels);
  for (const R3dShape& shape : kR3dShapes) {
    if (is_r3d && width && shape.bottleneck == bottleneck && shape.blocks == blocks) {
      return WeightsLayout{
          "r3d",
          fmt::format("depth = {}\nshortcut = {}\nwidth = {}\nstem-frames = {}\n", shape.depth,
                      tensors.Has("layer2.0.downsample.0.weight") ? "b" : "a", *width,
                      tensors.Extent("conv1.weight", 2)),
          tensors.Extent("fc.weight", 0), "fc"};
    }
  }
  return std::nullopt;
}

using FindFamily = std::optional<WeightsLayout> (*)(const Tensors& tensors);
constexpr std::array<FindFamily, 1> kFamilies = {FindR3d};

}  // namespace

std::string WeightsLayout::Describe() const {
  std::string text = family;
  std::istringstream lines(settings);
  for (std::string line; std::getline(lines, line);) {
    const size_t equals = line.find(" = ");
    text += fmt::format(" --{} {}", line.substr(0, equals), line.substr(equals + 3));
  }
  return fmt::format("{}, {} classes", text, num_classes);
}

std::optional<WeightsLayout> FindLayout(const std::vector<TensorHeader>& headers) {
  const Tensors tensors(headers);
  for (const FindFamily find : kFamilies) {
    if (std::optional<WeightsLayout> layout = find(tensors)) {
      return layout;
    }
  }
  return std::nullopt;
}

}  // namespace reel3d
