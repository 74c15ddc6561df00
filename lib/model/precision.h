// How exactly a network computes, as --precision says. Parameters, batch norm's statistics, logits
// and gradients are float32 in each.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lib/model/conv_unit.h"
#include "lib/model/network.h"
#include "lib/model/precision_options.h"

namespace reel3d {

using Agree = std::function<int64_t(int64_t)>;

// Makes `network`, which is on its device, compute so. float32 is that, on GPUs too; tf32 rounds
// what a GPU multiplies to 11 bits, in the whole process; bf16 makes convolutions and the features
// between layers bfloat16.
//
// For bf16 every convolution is first tried on random values of the shape that it meets in clips
// (3, frames, size, size), and compared with float32: oneDNN's bfloat16 weight gradient is garbage
// on some processors for some shapes, among them the paper's own conv4_x (3x3x3 over 2 frames, on
// AVX512_BF16). A convolution that is wrong takes another way; on a CPU without kernels for it
// (before AVX-512) all compute in float32. Returns what was found, for people; empty for float32.
// Throws a usage error for tf32 without a GPU.
//
// `agree` is called for each shape with the way that this process would take, the higher the safer,
// and says which one to take: of ranks that share one network, all the safest that any needs.
std::string UsePrecision(
    Network& network, const PrecisionOptions& options, int frames, int size,
    const Agree& agree = [](int64_t own) { return own; });

// Makes a network of the same kind compute as `other` does, of which nothing is tried again.
void UsePrecisionOf(const Network& other, Network& network);

// Relative errors (of norms, against float32) of a convolution's output and of the gradients of its
// input and its weights, on random values of these sizes. NaN and infinity count as infinite.
struct ArithmeticErrors {
  double output, input_gradient, weight_gradient;

  double Worst() const;
};
ArithmeticErrors CompareWithFloat32(const ConvolutionImpl& convolution,
                                    const std::vector<int64_t>& input_sizes, Arithmetic arithmetic);

}  // namespace reel3d
