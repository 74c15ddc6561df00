// Recognises weights of R3D and its relatives whose convolutions span time and space at once:
// pre-activation, wide and ResNeXt (Hara, Kataoka and Satoh, ICCV-W 2017 and CVPR 2018). They share
// this file because their tensors have the same names and differ in a few numbers.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/weights/family.h"
#include "lib/weights/family_list.h"
#include "lib/weights/resnet_depths.h"
#include "lib/weights/tensor_shapes.h"

namespace reel3d {
namespace {

// The tensors of the variants have the same names and differ only in shapes, in the authors'
// releases of 2017, 2018 and 2020. Wide and ResNeXt of 2018 begin with 64 channels, those of 2020
// with 128.
struct Variant {
  const char* name;
  int64_t base;       // channels of the 3x3x3 convolutions of layer1 at --width 1
  int64_t expansion;  // output channels of a bottleneck, divided by `base`
  int64_t groups;
  bool pre_activation, basic_blocks;
};
constexpr Variant kR3d = {"r3d", 64, 4, 1, false, true};
constexpr Variant kPreAct = {"preact", 64, 4, 1, true, true};
constexpr Variant kWide = {"wide", 128, 2, 1, false, false};
constexpr Variant kResNeXt = {"resnext", 128, 2, 32, false, false};

// Returns whether `block`, the first block of a layer, has the variant's shapes. `planes` is scaled
// by --width.
bool IsBlockOf(const Variant& variant, const TensorShapes& tensors, const std::string& block,
               int64_t in, bool bottlenecks, int64_t planes) {
  const int64_t middle =
      variant.groups == 1 ? planes : variant.groups * std::max<int64_t>(1, planes / variant.groups);
  const bool ends_well =
      !bottlenecks || tensors.Outputs(block + ".conv3") == variant.expansion * planes;
  return ends_well && tensors.Inputs(block + ".conv1") == in &&
         tensors.Outputs(block + ".conv1") == middle &&
         tensors.Inputs(block + ".conv2") == middle / variant.groups &&
         tensors.Outputs(block + ".bn1") == (variant.pre_activation ? in : middle);
}

std::optional<WeightsLayout> FindVariant(const TensorShapes& tensors, const Variant& variant) {
  const bool bottlenecks = tensors.Has("layer1.0.conv3.weight");
  const std::string last = bottlenecks ? ".conv3" : ".conv2";
  const int64_t expansion = bottlenecks ? variant.expansion : 1;
  const Stem stem = {tensors.Outputs("conv1"), tensors.Extent("conv1.weight", 2)};
  int64_t in = stem.channels;
  std::vector<Scaled> scaled;
  bool is_it = tensors.Extent("conv1.weight", 3) == 7 && (bottlenecks || variant.basic_blocks);
  for (int64_t layer = 0; layer < 4; ++layer) {
    const std::string block = fmt::format("layer{}.0", layer + 1);
    const int64_t out = tensors.Outputs(block + last);
    scaled.push_back({variant.base << layer, out / expansion});
    is_it = is_it && IsBlockOf(variant, tensors, block, in, bottlenecks, out / expansion);
    in = out;
  }
  return is_it ? ResidualLayout(tensors, variant.name, bottlenecks, tensors.CountBlocks("conv1"),
                                scaled, stem)
               : std::nullopt;
}

Family VariantRow(const Variant& variant) {
  Family row;
  row.name = variant.name;
  for (const ResNetDepth& depth : kResNetDepths) {
    if (depth.bottlenecks || variant.basic_blocks) {
      row.depths.push_back(depth.layers);
    }
  }
  row.has_shortcuts = true;
  row.recipes = {"paper2017", "cvpr2018", "hara2020"};
  return row;
}

}  // namespace

template <>
Family RowOf<family::R3d>() {
  Family row = VariantRow(kR3d);
  row.help = "the paper";
  row.find_layout = [](const TensorShapes& tensors) { return FindVariant(tensors, kR3d); };
  row.authors = AuthorsFamily{"resnet", "resnet_widen_factor"};
  return row;
}

template <>
Family RowOf<family::PreAct>() {
  Family row = VariantRow(kPreAct);
  row.help = "batch norm before each convolution";
  row.find_layout = [](const TensorShapes& tensors) { return FindVariant(tensors, kPreAct); };
  row.authors = AuthorsFamily{"preresnet", ""};
  return row;
}

template <>
Family RowOf<family::Wide>() {
  Family row = VariantRow(kWide);
  row.help = "bottlenecks of twice the channels";
  row.find_layout = [](const TensorShapes& tensors) { return FindVariant(tensors, kWide); };
  row.authors = AuthorsFamily{"wideresnet", "wide_resnet_k", 2, 128, 64};
  return row;
}

template <>
Family RowOf<family::ResNeXt>() {
  Family row = VariantRow(kResNeXt);
  row.help = "32 groups";
  row.find_layout = [](const TensorShapes& tensors) { return FindVariant(tensors, kResNeXt); };
  row.authors = AuthorsFamily{"resnext", "", 1, 128, 64};
  return row;
}

}  // namespace reel3d
