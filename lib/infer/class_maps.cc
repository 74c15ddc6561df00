// SPDX-License-Identifier: Apache-2.0
#include "lib/infer/class_maps.h"

#include <torch/autograd.h>

#include <array>

#include "lib/base/error.h"

namespace reel3d {

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

at::Tensor EnlargeMaps(const at::Tensor& maps, int64_t frames, int64_t height, int64_t width) {
  REEL3D_CHECK(maps.dim() == 4);
  const std::array<int64_t, 3> size = {frames, height, width};
  return at::upsample_trilinear3d(maps.unsqueeze(1), size, /*align_corners=*/false).squeeze(1);
}

}  // namespace reel3d
