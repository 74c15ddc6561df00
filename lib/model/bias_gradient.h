// The gradient of a convolution's bias on a CPU, as exact as batch norm's sums: oneDNN's was off by
// 1e-5 over 384 clips.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

namespace reel3d {

// `output` (N, C, ...), to which `bias` (C) has been added without its gradient: returns it with
// that gradient. Kernels must take the two (channel_rows.h).
at::Tensor WithBiasGradient(const at::Tensor& output, const at::Tensor& bias);

}  // namespace reel3d
