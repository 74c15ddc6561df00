// Recognises weights of C3D (Tran et al., ICCV 2015): as published, without batch norm, and with
// it.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>
#include <vector>

#include "lib/weights/families/c3d_plan.h"
#include "lib/weights/family.h"
#include "lib/weights/family_list.h"
#include "lib/weights/tensor_shapes.h"

namespace reel3d {
namespace {

constexpr const char* kPlain = "c3d";
constexpr const char* kWithBatchNorm = "c3d-bn";

std::optional<WeightsLayout> FindC3d(const TensorShapes& tensors, bool with_batch_norm) {
  std::vector<Scaled> scaled = {{kC3dHidden, tensors.Outputs("fc6")},
                                {kC3dHidden, tensors.Outputs("fc7")}};
  constexpr int64_t kPlaces = 16;  // fc6 takes 4 x 4 features of each channel
  bool is_it = tensors.Inputs("fc6") == kPlaces * tensors.Outputs("conv5b");
  for (const C3dLayer& plan : kC3dLayers) {
    const std::string layer = std::string("conv") + plan.name;
    scaled.push_back({plan.channels, tensors.Outputs(layer)});
    is_it = is_it && tensors.Extent(layer + ".weight", 3) == 3;
  }
  const std::optional<double> width = FindWidth(scaled);
  if (!is_it || !width || tensors.Has("bn1.weight") != with_batch_norm) {
    return std::nullopt;
  }
  return WeightsLayout{with_batch_norm ? kWithBatchNorm : kPlain,
                       fmt::format("width = {}\n", *width), tensors.Outputs("fc8"), "fc8"};
}

// Weights for UCF-101 circulate under the names features.0.weight ... classifier.6.bias (seen in
// github.com/jfzhang95/pytorch-video-recognition). VGG has the same names, but its convolutions
// have four axes.
bool HasOtherC3dNames(const TensorShapes& tensors) {
  return tensors.HasAxes("features.0.weight", 5) && tensors.HasAxes("classifier.0.weight", 2);
}

Family C3dRow(const char* name) {
  Family row;
  row.name = name;
  row.has_dropout = true;
  row.recipes = {"c3d"};
  return row;
}

}  // namespace

template <>
Family RowOf<family::C3d>() {
  Family row = C3dRow(kPlain);
  row.find_layout = [](const TensorShapes& tensors) { return FindC3d(tensors, false); };
  row.other_names = {HasOtherC3dNames,
                     {{"features.0.", "conv1."},
                      {"features.3.", "conv2."},
                      {"features.6.", "conv3a."},
                      {"features.8.", "conv3b."},
                      {"features.11.", "conv4a."},
                      {"features.13.", "conv4b."},
                      {"features.16.", "conv5a."},
                      {"features.18.", "conv5b."},
                      {"classifier.0.", "fc6."},
                      {"classifier.3.", "fc7."},
                      {"classifier.6.", "fc8."}}};
  return row;
}

template <>
Family RowOf<family::C3dBn>() {
  Family row = C3dRow(kWithBatchNorm);
  row.help = "with batch norm";
  row.find_layout = [](const TensorShapes& tensors) { return FindC3d(tensors, true); };
  return row;
}

}  // namespace reel3d
