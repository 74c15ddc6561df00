// Leaves out the taps of a kernel that see nothing but padding. In the last blocks of an R3D the
// clip is one frame long, so two of the three frames of each 3x3x3 kernel meet only zeros. On CPUs
// weights of many channels cost more time than the arithmetic of a small batch: they are copied
// into another order for the forward pass, for each of the two gradients, and back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/expanding_array.h>

namespace reel3d {

// Cuts taps off both ends of `weight`, (O, I, T, H, W), and as much off `padding`, so that a
// convolution of `input`, (N, I, T, H, W), has the same terms except products with zero padding.
// Taps that see the input at any place stay. Gradients flow to the complete weights; those of the
// taps that were cut off are zero, as they are without this function.
void DropIdleTaps(const at::Tensor& input, const torch::ExpandingArray<3>& stride,
                  at::Tensor& weight, torch::ExpandingArray<3>& padding);

}  // namespace reel3d
