// R3D: the 3D residual networks of Hara, Kataoka and Satoh (ICCV-W 2017), basic blocks at depths
// 10, 18 and 34, bottlenecks from 50 on. Names of parameters and buffers are those of the authors'
// published weights (conv1.weight, layer2.0.downsample.0.weight, fc.bias). No training here.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <string>

#include "lib/base/option_binder.h"
#include "lib/model/batch_norm.h"

namespace reel3d {

struct R3dOptions {
  int depth = 18;
  // What joins a block's input to an output with more channels: "a", subsampling and zero channels
  // (the paper); "b", a 1x1x1 convolution and batch norm.
  std::string shortcut = "a";
  double width = 1;  // channels of every layer are int(64 * width), int(128 * width), ...
  int stem_frames = 7;
  int stem_stride = 1;  // in time
  bool max_pool = true;
  // Not options: they follow from the data.
  int num_classes = 400;
  int channels = 3;

  // --depth, --shortcut, --width, --stem-frames, --stem-stride, --max-pool.
  void Bind(OptionBinder& binder);
  void Check() const;
};

class R3dImpl : public torch::nn::Module {
 public:
  // Weights are drawn as the reference does (convolutions: Kaiming normal, fan-out, ReLU; batch
  // norm 1 and 0; fc: uniform +-1/sqrt(inputs)) from a generator of `seed` alone, whatever torch's
  // global generators hold. Throws a usage error on options that Check() refuses.
  explicit R3dImpl(const R3dOptions& options, uint64_t seed = 0);

  // Also lays the weights out as the device likes them best. Before anything holds parameters.
  using torch::nn::Module::to;
  void to(at::Device device, bool non_blocking = false) override;

  // float (N, C, T, H, W) -> logits (N, num_classes). N = 0 passes, forward and backward.
  at::Tensor forward(at::Tensor clips);

  const R3dOptions& options() const { return options_; }

 private:
  torch::nn::Sequential MakeLayer(int64_t planes, int64_t num_blocks, int64_t stride);
  void Initialize(uint64_t seed);
  void LayOut();

  R3dOptions options_;
  int64_t in_planes_;  // channels that enter the next block, while building
  torch::nn::Conv3d conv1_{nullptr};
  BatchNorm bn1_{nullptr};
  torch::nn::Sequential layer1_{nullptr}, layer2_{nullptr}, layer3_{nullptr}, layer4_{nullptr};
  torch::nn::Linear fc_{nullptr};
};
TORCH_MODULE(R3d);

}  // namespace reel3d
