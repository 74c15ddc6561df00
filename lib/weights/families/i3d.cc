// Recognises weights of I3D (Carreira and Zisserman, CVPR 2017): Inception-v1 inflated into time.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <vector>

#include "lib/weights/families/i3d_plan.h"
#include "lib/weights/family.h"
#include "lib/weights/family_list.h"
#include "lib/weights/tensor_shapes.h"

namespace reel3d {
namespace {

constexpr const char* kName = "i3d";

std::optional<WeightsLayout> FindI3d(const TensorShapes& tensors) {
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
  return WeightsLayout{kName, fmt::format("width = {}\n", *width), tensors.Outputs("logits.conv3d"),
                       "logits.conv3d"};
}

// The other PyTorch form of DeepMind's weights (github.com/hassony2/kinetics_i3d_pytorch) has names
// such as mixed_3b.branch_1.0.batch3d.weight.
bool HasOtherI3dNames(const TensorShapes& tensors) {
  return tensors.HasAxes("conv3d_1a_7x7.conv3d.weight", 5) &&
         tensors.HasAxes("mixed_3b.branch_0.conv3d.weight", 5);
}

}  // namespace

template <>
Family RowOf<family::I3d>() {
  Family row;
  row.name = kName;
  row.help = "inflated Inception-v1";
  row.has_dropout = true;
  row.clip_frames = 64;
  row.clip_size = 224;
  row.recipes = {"i3d"};
  row.find_layout = FindI3d;
  row.other_names = {HasOtherI3dNames,
                     {{"conv3d_0c_1x1.", "logits."},
                      {"conv3d_", "Conv3d_"},
                      {"mixed_", "Mixed_"},
                      {".branch_0.", ".b0."},
                      {".branch_1.0.", ".b1a."},
                      {".branch_1.1.", ".b1b."},
                      {".branch_2.0.", ".b2a."},
                      {".branch_2.1.", ".b2b."},
                      {".branch_3.1.", ".b3b."},
                      {".batch3d.", ".bn."}}};
  return row;
}

}  // namespace reel3d
