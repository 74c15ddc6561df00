// Computes ReLUs and sums of a network's layers over their argument where that saves memory and
// time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <ATen/ops/relu.h>

namespace reel3d {

// Returns whether a layer may write over `values`. If they are a view and their gradient is wanted,
// torch would copy this gradient three times (its CopySlices), twice into another memory format. On
// GPUs the output of BatchNorm is such a view.
inline bool MayBeOverwritten(const at::Tensor& values) {
  return !(at::GradMode::is_enabled() && values.is_view());
}

// Returns max(0, values). The caller must not use `values` any more.
inline at::Tensor Relu(const at::Tensor& values) {
  return MayBeOverwritten(values) ? values.relu_() : values.relu();
}

// Returns values + others. The caller must not use `values` any more.
inline at::Tensor Plus(const at::Tensor& values, const at::Tensor& others) {
  return MayBeOverwritten(values) ? values.add_(others) : values + others;
}

}  // namespace reel3d
