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

// Says which part of a clip a place of features stands for. kEqualParts: for an equal part of the
// clip, with its value at the part's centre (align_corners = false). kFromZero: for the
// surroundings of frame, row or column i * step (NetworkImpl::PlacesBeginAtZero()).
enum class PlaceRule { kEqualParts, kFromZero };

// Returns the rule for maps of ComputeClassMaps(). docs/explanation/evaluation.md says why the last
// features always have equal parts.
PlaceRule PlaceRuleOf(const Network& network, int stages_left);

// Enlarges one axis of maps to `size`, linearly. `clip_size` is the length of this axis of the
// network's input, in frames or pixels, which the enlarged axis shows.
at::Tensor EnlargeAxis(const at::Tensor& maps, int64_t axis, int64_t size, PlaceRule rule,
                       int64_t clip_size);

}  // namespace reel3d
