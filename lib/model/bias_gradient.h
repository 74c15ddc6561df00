// Computes the gradient of a convolution's bias on a CPU, as exactly as batch norm's sums. That of
// oneDNN was off by 1e-5 over 384 clips.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

namespace reel3d {

// Returns `output` (N, C, ...) with the gradient of `bias` (C), which has already been added to it
// without gradient. Both must be tensors that the kernels take (channel_rows.h).
at::Tensor WithBiasGradient(const at::Tensor& output, const at::Tensor& bias);

}  // namespace reel3d
