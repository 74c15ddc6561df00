// Computes the loss that training minimises.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

namespace reel3d {

// Returns the cross entropy of each clip, float (N), from logits (N, classes) and labels int64 (N).
// `label_smoothing` is the part of a label that is spread evenly over all classes (Szegedy et al.
// 2016, section 7).
at::Tensor ClipLosses(const at::Tensor& logits, const at::Tensor& labels, double label_smoothing);

}  // namespace reel3d
