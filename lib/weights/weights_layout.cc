// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/weights_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

#include "lib/weights/c3d_plan.h"
#include "lib/weights/channels.h"
#include "lib/weights/densenet_plan.h"
#include "lib/weights/i3d_plan.h"
#include "lib/weights/resnet_depths.h"

namespace reel3d {
namespace {

// Holds shapes by name.
class Tensors {
 public:
  explicit Tensors(const std::vector<TensorHeader>& tensors) {
    for (const TensorHeader& tensor : tensors) {
      shapes_[tensor.name] = tensor.shape;
    }
  }
  bool Has(const std::string& name) const { return shapes_.count(name) > 0; }
  // Returns the extent of an axis; 0 if there is no such tensor or axis.
  int64_t Extent(const std::string& name, size_t axis) const {
    const auto found = shapes_.find(name);
    return found == shapes_.end() || axis >= found->second.size() ? 0 : found->second[axis];
  }
  // Return the number of outputs and inputs of a convolution, a linear layer or a batch norm.
  int64_t Outputs(const std::string& layer) const { return Extent(layer + ".weight", 0); }
  int64_t Inputs(const std::string& layer) const { return Extent(layer + ".weight", 1); }
  // Counts the existing blocks of layer1 .. layer4, from 0 on, by the part that each must have.
  std::array<int64_t, 4> CountBlocks(const std::string& part) const {
    std::array<int64_t, 4> counts = {};
    for (size_t layer = 0; layer < 4; ++layer) {
      while (Has(fmt::format("layer{}.{}.{}.weight", layer + 1, counts[layer], part))) {
        ++counts[layer];
      }
    }
    return counts;
  }

 private:
  std::map<std::string, std::vector<int64_t>> shapes_;
};

// A layer that has `base` channels at --width 1.
struct Scaled {
  int64_t base, channels;
};

// Returns the --width that gives layers these channels (ScaledChannels).
std::optional<double> FindWidth(const std::vector<Scaled>& layers) {
  double low = 1.0 / 64, high = 17;
  for (const auto& [base, channels] : layers) {
    const auto at_full_width = static_cast<double>(base);
    low = std::max(low, channels == 1 ? 0 : static_cast<double>(channels) / at_full_width);
    high = std::min(high, static_cast<double>(channels + 1) / at_full_width);
  }
  // The lowest width is a round number for usual widths, but its rounding may spoil others.
  for (const double width : {low, (low + high) / 2}) {
    if (std::all_of(layers.begin(), layers.end(), [&](const Scaled& layer) {
          return layer.channels == ScaledChannels(layer.base, width);
        })) {
      return width;
    }
  }
  return std::nullopt;
}

// The first convolution of a network of the reference.
struct Stem {
  int64_t channels, frames;
};

// Returns "width = 1\nstem-frames = 7\n", and "stem-channels = 128\n" if they differ from those of
// --width. Returns nothing if no width gives the layers behind the stem.
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

// Returns a residual network of the reference; nothing if no depth has such blocks, or no width
// fits.
std::optional<WeightsLayout> Residual(const Tensors& tensors, const char* family, bool bottlenecks,
                                      const std::array<int64_t, 4>& blocks,
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

// The reference's residual networks of 3D convolutions have the same names, in its releases of
// 2017, 2018 and 2020 alike. They differ in shapes; wide and resnext of 2018 and of 2020 in the
// channels of the first convolution alone, 64 and 128.
struct ReferenceFamily {
  const char* name;
  int64_t base;       // channels of the first layer's 3x3x3 convolutions, of 64
  int64_t expansion;  // of bottlenecks
  int64_t groups;
  bool pre_activation, basic_blocks;
};
constexpr std::array<ReferenceFamily, 4> kReferenceFamilies = {
    {{"r3d", 64, 4, 1, false, true},
     {"preact", 64, 4, 1, true, true},
     {"wide", 128, 2, 1, false, false},
     {"resnext", 128, 2, 32, false, false}}};

// Returns true if the first block of a layer belongs to the family; --width scales `planes`.
bool IsBlockOf(const ReferenceFamily& family, const Tensors& tensors, const std::string& block,
               int64_t in, bool bottlenecks, int64_t planes) {
  const int64_t middle =
      family.groups == 1 ? planes : family.groups * std::max<int64_t>(1, planes / family.groups);
  const bool ends_well =
      !bottlenecks || tensors.Outputs(block + ".conv3") == family.expansion * planes;
  return ends_well && tensors.Inputs(block + ".conv1") == in &&
         tensors.Outputs(block + ".conv1") == middle &&
         tensors.Inputs(block + ".conv2") == middle / family.groups &&
         tensors.Outputs(block + ".bn1") == (family.pre_activation ? in : middle);
}

std::optional<WeightsLayout> FindReference(const Tensors& tensors, const ReferenceFamily& family) {
  const bool bottlenecks = tensors.Has("layer1.0.conv3.weight");
  const std::string last = bottlenecks ? ".conv3" : ".conv2";
  const int64_t expansion = bottlenecks ? family.expansion : 1;
  const Stem stem = {tensors.Outputs("conv1"), tensors.Extent("conv1.weight", 2)};
  int64_t in = stem.channels;
  std::vector<Scaled> scaled;
  bool is_it = tensors.Extent("conv1.weight", 3) == 7 && (bottlenecks || family.basic_blocks);
  for (int64_t layer = 0; layer < 4; ++layer) {
    const std::string block = fmt::format("layer{}.0", layer + 1);
    const int64_t out = tensors.Outputs(block + last);
    scaled.push_back({family.base << layer, out / expansion});
    is_it = is_it && IsBlockOf(family, tensors, block, in, bottlenecks, out / expansion);
    in = out;
  }
  return is_it ? Residual(tensors, family.name, bottlenecks, tensors.CountBlocks("conv1"), scaled,
                          stem)
               : std::nullopt;
}

template <size_t kFamily>
std::optional<WeightsLayout> FindReference(const Tensors& tensors) {
  return FindReference(tensors, kReferenceFamilies[kFamily]);
}

// Finds the network of the reference's resnet2p1d.py.
std::optional<WeightsLayout> FindR2p1d(const Tensors& tensors) {
  const bool bottlenecks = tensors.Has("layer1.0.conv3.weight");
  const Stem stem = {tensors.Outputs("conv1_t"), tensors.Extent("conv1_t.weight", 2)};
  std::vector<Scaled> scaled;
  bool is_it = stem.channels > 0 && tensors.Extent("conv1_s.weight", 3) == 7 &&
               tensors.Outputs("conv1_s") == MiddlePlanes(3, stem.channels, stem.frames, 7);
  int64_t in = stem.channels;
  for (int64_t layer = 0; layer < 4; ++layer) {
    const std::string block = fmt::format("layer{}.0.", layer + 1);
    const std::string split = block + (bottlenecks ? "conv2" : "conv1");  // the one of the stride
    const int64_t planes = tensors.Outputs(split + "_t");
    scaled.push_back({64 << layer, planes});
    is_it = is_it && planes > 0 &&
            tensors.Outputs(split + "_s") == MiddlePlanes(bottlenecks ? planes : in, planes) &&
            (!bottlenecks || tensors.Outputs(block + "conv3") == 4 * planes);
    in = planes;
  }
  return is_it ? Residual(tensors, "r2p1d", bottlenecks,
                          tensors.CountBlocks(bottlenecks ? "conv1" : "conv1_s"), scaled, stem)
               : std::nullopt;
}

// Counts the layers of denseblock1 .. denseblock4, as long as each adds `growth` channels to its
// input. `channels` is the number that goes into the first block, and on return the number that
// comes out of the last.
std::array<int64_t, 4> CountDenseLayers(const Tensors& tensors, int64_t growth, int64_t* channels) {
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

// Finds the network of the reference's densenet.py.
std::optional<WeightsLayout> FindDenseNet(const Tensors& tensors) {
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

std::optional<WeightsLayout> FindTorchvision(const Tensors& tensors) {
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
  return WeightsLayout{factorized ? "r2plus1d_18" : (in_time ? "r3d_18" : "mc3_18"),
                       fmt::format("width = {}\n", *width), tensors.Outputs("fc"), "fc"};
}

std::optional<WeightsLayout> FindC3d(const Tensors& tensors) {
  std::vector<Scaled> scaled = {{kC3dHidden, tensors.Outputs("fc6")},
                                {kC3dHidden, tensors.Outputs("fc7")}};
  constexpr int64_t kPlaces = 16;  // of 4 x 4 features
  bool is_it = tensors.Inputs("fc6") == kPlaces * tensors.Outputs("conv5b");
  for (const C3dLayer& plan : kC3dLayers) {
    const std::string layer = std::string("conv") + plan.name;
    scaled.push_back({plan.channels, tensors.Outputs(layer)});
    is_it = is_it && tensors.Extent(layer + ".weight", 3) == 3;
  }
  const std::optional<double> width = FindWidth(scaled);
  if (!is_it || !width) {
    return std::nullopt;
  }
  return WeightsLayout{tensors.Has("bn1.weight") ? "c3d-bn" : "c3d",
                       fmt::format("width = {}\n", *width), tensors.Outputs("fc8"), "fc8"};
}

std::optional<WeightsLayout> FindI3d(const Tensors& tensors) {
  std::vector<Scaled> scaled = {{64, tensors.Outputs("Conv3d_1a_7x7.conv3d")},
                                {64, tensors.Outputs("Conv3d_2b_1x1.conv3d")},
                                {192, tensors.Outputs("Conv3d_2c_3x3.conv3d")}};
  for (const I3dModule& module : kI3dModules) {
    for (size_t branch = 0; branch < kI3dBranches.size(); ++branch) {
      scaled.push_back(
          {module.channels[branch],
           tensors.Outputs(fmt::format("{}.{}.conv3d", module.name, kI3dBranches[branch]))});
    }
  }
  const std::optional<double> width = FindWidth(scaled);
  if (!width) {
    return std::nullopt;
  }
  return WeightsLayout{"i3d", fmt::format("width = {}\n", *width), tensors.Outputs("logits.conv3d"),
                       "logits.conv3d"};
}

using FindFamily = std::optional<WeightsLayout> (*)(const Tensors& tensors);
constexpr std::array<FindFamily, 9> kFamilies = {
    FindReference<0>, FindReference<1>, FindReference<2>, FindReference<3>, FindR2p1d,
    FindDenseNet,     FindTorchvision,  FindC3d,          FindI3d};

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

std::string WeightsLayout::Config() const {
  return fmt::format("model = {}\n{}", family, settings);
}

std::optional<WeightsLayout> FindLayout(const std::vector<TensorHeader>& headers) {
  // Numbers that families compute from extents must not overflow, and a header without values must
  // not make a network that takes all memory.
  constexpr int64_t kMostAlongAnAxis = 1 << 20;
  for (const TensorHeader& tensor : headers) {
    if (std::any_of(tensor.shape.begin(), tensor.shape.end(),
                    [](int64_t extent) { return extent < 1 || extent > kMostAlongAnAxis; })) {
      return std::nullopt;
    }
  }
  const Tensors tensors(headers);
  for (const FindFamily find : kFamilies) {
    if (std::optional<WeightsLayout> layout = find(tensors)) {
      return layout;
    }
  }
  return std::nullopt;
}

}  // namespace reel3d
