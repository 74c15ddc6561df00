// A 3D convolution and the batch norm behind it: what all families are made of.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/expanding_array.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <memory>
#include <string>

#include "lib/model/batch_norm.h"

namespace reel3d {

using Triple = torch::ExpandingArray<3>;  // of T, H and W

enum class Padding {
  kHalf,  // half the kernel on each side
  kSame,  // as TensorFlow's: outputs are ceil(inputs / stride), the odd zero stands behind
};

struct ConvolutionOptions {
  int64_t in, out;
  Triple kernel = 1;
  Triple stride = 1;
  int64_t groups = 1;
  bool bias = false;
  Padding padding = Padding::kHalf;
};

class ConvolutionImpl : public torch::nn::Conv3dImpl {
 public:
  explicit ConvolutionImpl(const ConvolutionOptions& options);

  at::Tensor forward(const at::Tensor& input);

 private:
  Padding padding_;
};
TORCH_MODULE(Convolution);

// kSame for an input of this many frames, rows or columns.
struct SamePadding {
  int64_t front, back;
};
SamePadding SamePaddingOf(int64_t size, int64_t kernel, int64_t stride);

// Of features that are never negative (behind a ReLU): zeros do as padding.
at::Tensor MaxPoolSame(const at::Tensor& features, const Triple& kernel, const Triple& stride);

// Registers `child` in `root` under a path such as "conv1.0.3", the modules between included:
// published names are deeper than our classes.
void RegisterAt(torch::nn::Module& root, const std::string& path,
                const std::shared_ptr<torch::nn::Module>& child);

// Both are modules of `owner`, so that its state holds them under these paths.
class ConvUnit {
 public:
  ConvUnit(torch::nn::Module& owner, const std::string& convolution_path,
           const std::string& batch_norm_path, const ConvolutionOptions& options,
           const BatchNormOptions& batch_norm = {});

  at::Tensor operator()(const at::Tensor& input);

 private:
  Convolution convolution_;
  BatchNorm batch_norm_;
};

}  // namespace reel3d
