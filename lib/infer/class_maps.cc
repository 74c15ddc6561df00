// SPDX-License-Identifier: Apache-2.0
#include "lib/infer/class_maps.h"

#include <torch/autograd.h>

#include <algorithm>
#include <vector>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// Returns the distance of two places in the clip. Layers of stride s round the number of places
// up, and most strides are 2: the step is the power of 2 that fits, if one does.
int64_t StepOf(int64_t num_places, int64_t clip_size) {
  int64_t step = 1;
  while (step * num_places < clip_size) {
    step *= 2;
  }
  return step * (num_places - 1) < clip_size ? step : (clip_size + num_places - 1) / num_places;
}

}  // namespace

ClassMaps ComputeClassMaps(Network& network, const at::Tensor& clips, const at::Tensor& classes,
                           int stages_left) {
  REEL3D_CHECK(!network->is_training() && classes.size(0) == clips.size(0));
  at::Tensor features;
  {
    const at::NoGradGuard no_grad;
    features = network->FeaturesOf(clips, stages_left);
  }
  const at::AutoGradMode with_gradients(true);
  features = features.detach().requires_grad_();
  const at::Tensor logits = network->LogitsOf(features, stages_left);
  const at::Tensor chosen = logits.gather(1, classes.unsqueeze(1)).sum();
  const at::Tensor gradient =
      torch::autograd::grad({chosen}, {features}).front().to(at::kFloat).detach();
  const at::Tensor values = features.detach().to(at::kFloat);
  const auto num_places = static_cast<double>(values.size(2) * values.size(3) * values.size(4));
  at::Tensor maps;
  if (network->HasLinearHead() || stages_left > 0) {
    maps = (gradient * values).sum(1);
  } else {
    maps = (gradient.mean({2, 3, 4}, /*keepdim=*/true) * values).sum(1).relu();
  }
  return {logits.detach().to(at::kFloat), maps * num_places};
}

PlaceRule PlaceRuleOf(const Network& network, int stages_left) {
  return stages_left > 0 && network->PlacesBeginAtZero() ? PlaceRule::kFromZero
                                                         : PlaceRule::kEqualParts;
}

at::Tensor EnlargeAxis(const at::Tensor& maps, int64_t axis, int64_t size, PlaceRule rule,
                       int64_t clip_size) {
  const int64_t num_places = maps.size(axis);
  const auto step = static_cast<double>(StepOf(num_places, clip_size));
  std::vector<int64_t> below, above;
  std::vector<float> shares;
  for (int64_t index = 0; index < size; ++index) {
    const double part = (static_cast<double>(index) + 0.5) / static_cast<double>(size);
    const double place = rule == PlaceRule::kEqualParts
                             ? part * static_cast<double>(num_places) - 0.5
                             : (part * static_cast<double>(clip_size) - 0.5) / step;
    const double inside = std::clamp(place, 0.0, static_cast<double>(num_places - 1));
    below.push_back(static_cast<int64_t>(inside));
    above.push_back(std::min(below.back() + 1, num_places - 1));
    shares.push_back(static_cast<float>(inside - static_cast<double>(below.back())));
  }
  std::vector<int64_t> shape(static_cast<size_t>(maps.dim()), 1);
  shape[static_cast<size_t>(axis)] = size;
  return at::lerp(maps.index_select(axis, at::tensor(below, at::kLong)),
                  maps.index_select(axis, at::tensor(above, at::kLong)),
                  at::tensor(shares, maps.options()).view(shape));
}

}  // namespace reel3d
