// Sets the precision in which a network computes, as --precision says. Parameters, batch norm's
// statistics, logits and gradients are float32 in every precision.
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

// Makes `network`, which must already be on its device, compute in the precision of `options`.
// float32 is true float32 on GPUs too. tf32 rounds the factors of a GPU's products to 11 bits, in
// the complete process. bf16 makes convolutions and the features between layers bfloat16.
//
// For bf16 every convolution is first tried on random values of the shape that it has for clips
// (3, frames, size, size), and compared with float32. The reason: oneDNN's bfloat16 weight gradient
// is wrong on some processors for some shapes, among them the paper's own conv4_x (3x3x3 over 2
// frames, on AVX512_BF16). A convolution that is wrong uses another Arithmetic (conv_unit.h). On a
// CPU without bfloat16 kernels (before AVX-512) all convolutions compute in float32. Returns the
// findings for users; empty for float32. Throws a usage error for tf32 without a GPU.
//
// `agree` is called for each shape with the arithmetic that this process would use, as a number: a
// higher one is safer. It returns the number to use. Ranks that share one network all use the
// safest that any of them needs.
std::string UsePrecision(
    Network& network, const PrecisionOptions& options, int frames, int size,
    const Agree& agree = [](int64_t own) { return own; });

// Makes a network of the same kind compute as `other` does, without trying convolutions again.
void UsePrecisionOf(const Network& other, Network& network);

// Holds relative errors (of norms, against float32) of a convolution's output and of the gradients
// of its input and its weights, on random input of `input_sizes`. NaN and infinity count as
// infinite.
struct ArithmeticErrors {
  double output, input_gradient, weight_gradient;

  double Worst() const;
};
ArithmeticErrors CompareWithFloat32(const ConvolutionImpl& convolution,
                                    const std::vector<int64_t>& input_sizes, Arithmetic arithmetic);

}  // namespace reel3d
