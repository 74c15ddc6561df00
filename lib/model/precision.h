// Sets the precision in which a network computes, as --precision says. Parameters, batch norm's
// statistics, logits and gradients are float32 in every precision.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "lib/model/conv_unit.h"
#include "lib/model/network.h"
#include "lib/model/precision_options.h"

namespace reel3d {

using RankAgreement = std::function<int64_t(int64_t)>;

// The clips that one process computes at once.
struct StepClips {
  int frames;
  int size;                            // pixels of a side
  std::set<int64_t> batch_sizes = {};  // numbers of clips
};

// Returns the numbers of clips with which each convolution is tried on the device. A GPU tries all
// sizes of a batch, because cuDNN chooses its kernels by all sizes; a CPU tries two clips.
std::set<int64_t> TrialSizes(const StepClips& clips, at::Device device);

// Makes `network`, which must already be on its device, compute in the precision of `options`.
// float32 is true float32 on GPUs too. tf32 rounds the factors of a GPU's products to 11 bits, in
// the complete process. bf16 makes convolutions and the features between layers bfloat16.
//
// With Stem::kAuto convolutions over few channels are folded on GPUs, and in bf16 on processors
// with AMX. For bf16, and on GPUs for tf32 and for folded convolutions, every convolution is first
// tried on random values of the shape that it has for `clips`, and compared with float32 as
// written. The reason: oneDNN's bfloat16 weight gradient is wrong on some processors for some
// shapes, among them the paper's own conv4_x (3x3x3 over 2 frames, on AVX512_BF16), and cuDNN has
// had such kernels, too (torch's issue 163539). A convolution that is wrong in bf16 uses another
// Arithmetic (conv_unit.h). If one is wrong in tf32, all compute in float32. A convolution that is
// wrong only if it is folded computes as written. On a CPU without bfloat16 kernels (before
// AVX-512) all convolutions compute in float32. Returns the findings for users; empty for float32
// as written. Throws a usage error for tf32 without a GPU.
//
// `agree` is called for each shape with the number of the way in which this process would compute,
// from -1 (folded) on: a higher one is safer. It returns the number to use. Ranks that share one
// network all use the safest that any of them needs.
std::string UsePrecision(
    Network& network, const PrecisionOptions& options, const StepClips& clips,
    const RankAgreement& agree = [](int64_t own) { return own; });

// Makes a network of the same kind compute as `other` does, without trying convolutions again.
void UsePrecisionOf(const Network& other, Network& network);

// Holds relative errors (of norms, against float32) of a convolution's output and of the gradients
// of its input and its weights, on random input of `input_sizes`. From the third clip on, clips
// repeat the first two. NaN and infinity count as infinite.
struct ArithmeticErrors {
  double output, input_gradient, weight_gradient;

  double Worst() const;
};
ArithmeticErrors CompareWithFloat32(const ConvolutionImpl& convolution,
                                    const std::vector<int64_t>& input_sizes,
                                    const ConvolutionWay& way);

}  // namespace reel3d
