// Shows where a network looks: how much each place of a clip, in time and space, speaks for a
// class. The places are those of some of the network's features, mostly its last. These maps are
// small: R3D-18 has 1 x 4 x 4 places for a clip of 16 x 112 x 112.
//
// Class activation maps: Zhou et al., "Learning Deep Features for Discriminative Localization"
// (CVPR 2016). Grad-CAM: Selvaraju et al. (ICCV 2017), equations 1 and 2. HiResCAM: Draelos and
// Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of CNNs" (2020).
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
// evaluation mode. Its gradients do not change. `stages_left` chooses the features
// (NetworkImpl::FeaturesOf()).
//
// With the last features (0) of a network with a linear head, the maps are exact: the mean of a map
// plus the bias of the class is the logit. With the last features of other networks (C3D) they are
// Grad-CAM's, which are never negative. With earlier features they are HiResCAM's: each feature
// times the gradient at its place. Such maps are finer, and an estimate. All are multiplied by the
// number of places, so that they have one unit.
ClassMaps ComputeClassMaps(Network& network, const at::Tensor& clips, const at::Tensor& classes,
                           int stages_left = 0);

// Enlarges maps (N, T', H', W') to (N, frames, height, width), linearly in time and space. Each
// place stands for an equal part of the clip, with its value at the part's centre (align_corners =
// false). docs/explanation/evaluation.md says why.
at::Tensor EnlargeMaps(const at::Tensor& maps, int64_t frames, int64_t height, int64_t width);

}  // namespace reel3d
