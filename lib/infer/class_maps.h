// Shows where a network looks: how much each place of a clip, in time and space, speaks for a
// class. The places are those of the network's last features, so the maps are small: R3D-18 has
// 1 x 4 x 4 places for a clip of 16 x 112 x 112.
//
// Class activation maps: Zhou et al., "Learning Deep Features for Discriminative Localization"
// (CVPR 2016). Grad-CAM: Selvaraju et al. (ICCV 2017), equation 1 and 2.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "lib/model/network.h"

namespace reel3d {

struct ClassMaps {
  at::Tensor logits;  // float32 (N, classes)
  at::Tensor maps;    // float32 (N, T', H', W'), in the unit of logits
};

// Computes the map of class classes[n] for clip n. `clips` is the network's input, float
// (N, C, T, H, W), and `classes` is int64 (N), both on the network's device. The network must be in
// evaluation mode. Its gradients do not change.
//
// If the network has a linear head, the maps are exact: the mean of a map plus the bias of the
// class is the logit. Values may be negative. Other networks (C3D) get Grad-CAM, multiplied by the
// number of places, so that both kinds have one unit. Grad-CAM's values are never negative.
ClassMaps ComputeClassMaps(Network& network, const at::Tensor& clips, const at::Tensor& classes);

// Enlarges maps (N, T', H', W') to (N, frames, height, width), linearly in time and space. Each
// place stands for an equal part of the clip, with its value at the part's centre (align_corners =
// false). docs/explanation/evaluation.md says why.
at::Tensor EnlargeMaps(const at::Tensor& maps, int64_t frames, int64_t height, int64_t width);

}  // namespace reel3d
