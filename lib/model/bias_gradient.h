// Computes the gradient of a convolution's bias on a CPU, as exactly as batch norm's sums. The
// gradient of oneDNN was off by 1e-5 over 384 clips.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

namespace reel3d {

// Returns `output` (N, C, ...), and makes its backward pass compute the gradient of `bias` (C). The
// caller has already added the bias to the output, without gradient. The kernels must take both
// tensors (channel_rows.h).
at::Tensor WithBiasGradient(const at::Tensor& output, const at::Tensor& bias);

}  // namespace reel3d
