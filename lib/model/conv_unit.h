// Defines the unit that all families are made of: a 3D convolution, in the arithmetic chosen for
// it, and the batch norm behind it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/expanding_array.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lib/model/batch_norm.h"
#include "lib/model/folded_convolution.h"

namespace reel3d {

enum class Padding {
  kHalf,  // half the kernel on each side
  kSame,  // as in TensorFlow: outputs are ceil(inputs / stride), an odd zero is added at the end
};

struct ConvolutionOptions {
  int64_t in, out;
  Triple kernel = 1;
  Triple stride = 1;
  int64_t groups = 1;
  bool bias = false;
  Padding padding = Padding::kHalf;
};

// The arithmetic of a convolution. Parameters and gradients always keep their type.
enum class Arithmetic {
  kOfWeights,       // the type of the weights, which the input must have, too
  kBfloat16,        // bfloat16 with sums in float32
  kLongerBfloat16,  // the same, with one more frame of zeros, whose output is dropped
  kFloat32,         // float32, whose output is rounded to bfloat16
};

// Says how a convolution computes.
struct ConvolutionWay {
  Arithmetic arithmetic = Arithmetic::kOfWeights;
  bool folded = false;     // as folded_convolution.h has it
  bool every_tap = false;  // also those that see only padding (idle_taps.h)
};

class ConvolutionImpl : public torch::nn::Conv3dImpl {
 public:
  explicit ConvolutionImpl(const ConvolutionOptions& options);

  // Returns bfloat16 in every arithmetic except kOfWeights.
  at::Tensor forward(const at::Tensor& input);

  void Use(const ConvolutionWay& way) { way_ = way; }
  const ConvolutionWay& way() const { return way_; }
  // Returns whether `folded` may be true for this convolution.
  bool CanFold() const;
  // Computes the same convolution with any weights and input, with gradients for both.
  at::Tensor Convolve(at::Tensor input, at::Tensor with_weight, at::Tensor with_bias,
                      const ConvolutionWay& way) const;

  // Returns (N, C, T, H, W) of the last forward pass's input; empty before the first pass.
  const std::vector<int64_t>& input_sizes() const { return input_sizes_; }

  // Notes that the output goes into `batch_norm` and nowhere else.
  void PrecedeBatchNorm(BatchNorm batch_norm) { batch_norm_ = std::move(batch_norm); }
  // Makes weights and bias do the work of the batch norm behind, if there is one. Only for
  // evaluation: the network computes the same as before, but its state changes.
  void AbsorbBatchNorm();

 private:
  Padding padding_;
  BatchNorm batch_norm_{nullptr};
  ConvolutionWay way_;
  std::vector<int64_t> input_sizes_;
};
TORCH_MODULE(Convolution);

// Returns the convolutions of a network, in the order in which they were registered.
std::vector<ConvolutionImpl*> ConvolutionsOf(const torch::nn::Module& network);

// Makes all convolutions compute as written, with every tap: what is idle depends on the clips'
// size, and costs memory for the weights that remain.
void UseEveryTap(torch::nn::Module& network);

// Returns the numbers of zeros that Padding::kSame adds to `size` frames, rows or columns.
struct SamePadding {
  int64_t front, back;
};
SamePadding SamePaddingOf(int64_t size, int64_t kernel, int64_t stride);

// Does what at::max_pool3d does. If torch must be deterministic (ChooseKernels in lib/dist), the
// backward pass gives the same bits each time on GPUs too.
at::Tensor MaxPool(const at::Tensor& features, const Triple& kernel, const Triple& stride,
                   const Triple& padding);
// Does what at::avg_pool3d does without padding, and takes bfloat16 on CPUs too.
at::Tensor AveragePool(const at::Tensor& features, const Triple& kernel, const Triple& stride);
// Pools with Padding::kSame. The features must not be negative (they come from a ReLU), because
// zeros are the padding.
at::Tensor MaxPoolSame(const at::Tensor& features, const Triple& kernel, const Triple& stride);

// Registers `child` in `root` under a path such as "conv1.0.3", and adds the modules in between,
// because published names have more levels than our classes.
void RegisterAt(torch::nn::Module& root, const std::string& path,
                const std::shared_ptr<torch::nn::Module>& child);

// A convolution and its batch norm. Both are modules of `owner`, so that the state dict of `owner`
// holds them under these paths.
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
