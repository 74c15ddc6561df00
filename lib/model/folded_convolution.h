// Computes a convolution over few channels as a convolution over many, with the same products. A
// first layer has 3 channels, for which cuDNN has slow kernels. Each pixel of an s x s square
// becomes a channel, where s is the stride in space; then each frame that the kernel spans becomes
// a channel, too. So 7x7x7 with stride 1x2x2 on 3 channels becomes 4x4 with stride 1 on 84
// channels, and zeros fill them up to 96.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/expanding_array.h>
#include <torch/types.h>

#include <cstdint>

namespace reel3d {

using Triple = torch::ExpandingArray<3>;  // of T, H and W

// Convolutions over at most this many channels gain from folding. With more channels the copies of
// the input cost more than the kernels save.
constexpr int64_t kMostFoldedChannels = 4;

// Returns conv3d(input, weight, bias, stride, padding) with one group and no dilation, in
// channels-last order: input (N, C, T, H, W), weight (O, C, T, H, W), bias (O) or undefined. Sums
// are added in another order, so the result may differ by rounding. Gradients pass to all three.
// In space the stride must be the same along H and W. If the input needs no gradient, as in
// training, the folded input is made in half the time.
at::Tensor FoldedConvolution(const at::Tensor& input, const at::Tensor& weight,
                             const at::Tensor& bias, const Triple& stride, const Triple& padding);

}  // namespace reel3d
