// What training makes small.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

namespace reel3d {

// Cross entropy of each clip, float (N): logits (N, classes) against labels int64 (N), of which
// `label_smoothing` is spread evenly over all classes (Szegedy et al. 2016, section 7).
at::Tensor ClipLosses(const at::Tensor& logits, const at::Tensor& labels, double label_smoothing);

}  // namespace reel3d
