// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/published_names.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

namespace reel3d {
namespace {

using Renaming = std::pair<std::string_view, std::string_view>;  // beginning or part: theirs, ours

constexpr std::array<Renaming, 11> kC3d = {{{"features.0.", "conv1."},
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
constexpr std::array<Renaming, 10> kI3d = {{{"conv3d_0c_1x1.", "logits."},
                                            {"conv3d_", "Conv3d_"},
                                            {"mixed_", "Mixed_"},
                                            {".branch_0.", ".b0."},
                                            {".branch_1.0.", ".b1a."},
                                            {".branch_1.1.", ".b1b."},
                                            {".branch_2.0.", ".b2a."},
                                            {".branch_2.1.", ".b2b."},
                                            {".branch_3.1.", ".b3b."},
                                            {".batch3d.", ".bn."}}};

// These names are those of DenseNet in the 2018 code and in torchvision before 0.2.1. torchvision
// since then differs from the code of 2020 only in the first two.
constexpr std::array<Renaming, 6> kDenseNet = {{{"features.conv0.", "features.conv1."},
                                                {"features.norm0.", "features.norm1."},
                                                {".norm.1.", ".norm1."},
                                                {".norm.2.", ".norm2."},
                                                {".conv.1.", ".conv1."},
                                                {".conv.2.", ".conv2."}}};

// Applies each renaming once, in order. One that does not begin with a dot applies only at the
// beginning.
template <size_t kCount>
std::string Renamed(std::string name, const std::array<Renaming, kCount>& renamings) {
  for (const auto& [theirs, ours] : renamings) {
    const size_t at = name.find(theirs);
    if (at == 0 || (at != std::string::npos && theirs[0] == '.')) {
      name.replace(at, theirs.size(), ours);
    }
  }
  return name;
}

bool Has(const std::vector<TensorHeader>& tensors, std::string_view name, size_t num_axes) {
  return std::any_of(tensors.begin(), tensors.end(), [&](const TensorHeader& tensor) {
    return tensor.name == name && tensor.shape.size() == num_axes;
  });
}

void TakeOffPrefix(std::vector<TensorHeader>* tensors) {
  constexpr std::string_view kDataParallel = "module.";
  const auto has_it = [&](const TensorHeader& tensor) {
    return tensor.name.compare(0, kDataParallel.size(), kDataParallel) == 0;
  };
  while (!tensors->empty() && std::all_of(tensors->begin(), tensors->end(), has_it)) {
    for (TensorHeader& tensor : *tensors) {
      tensor.name.erase(0, kDataParallel.size());
    }
  }
}

}  // namespace

void UseOurNames(std::vector<TensorHeader>* tensors) {
  TakeOffPrefix(tensors);
  // VGG has the same names as C3D, for convolutions of four axes.
  const bool is_c3d =
      Has(*tensors, "features.0.weight", 5) && Has(*tensors, "classifier.0.weight", 2);
  const bool is_i3d = Has(*tensors, "conv3d_1a_7x7.conv3d.weight", 5) &&
                      Has(*tensors, "mixed_3b.branch_0.conv3d.weight", 5);
  const bool is_densenet = Has(*tensors, "features.denseblock1.denselayer1.conv.2.weight", 5) ||
                           Has(*tensors, "features.denseblock1.denselayer1.conv2.weight", 5);
  if (!is_c3d && !is_i3d && !is_densenet) {
    return;
  }
  std::vector<TensorHeader> renamed = *tensors;
  std::set<std::string> names;
  for (TensorHeader& tensor : renamed) {
    tensor.name = is_c3d   ? Renamed(tensor.name, kC3d)
                  : is_i3d ? Renamed(tensor.name, kI3d)
                           : Renamed(tensor.name, kDenseNet);
    names.insert(tensor.name);
  }
  // If a file has both names of a tensor, it belongs to neither form.
  if (names.size() == renamed.size()) {
    *tensors = std::move(renamed);
  }
}

}  // namespace reel3d
