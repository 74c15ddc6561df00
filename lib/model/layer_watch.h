// Reports input and output of each layer of a network, in the order in which they are computed.
// Convolutions report themselves, because they may compute in another precision or with more
// padding than the layer has. So do average poolings, which consist of several operators, and batch
// norm, whose kernels see clips as pictures on a GPU, or are our own. Other layers are recognised
// by the address of their weights. A layer that computes with a converted copy of its weights is
// reported without a name.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace reel3d {

struct LayerCall {
  std::string layer;  // in the state dict: "layer1.0.conv1"; empty if it has no weights
  std::string kind;   // "convolution", "batch norm", "linear", "max pool", "mean pool"
  at::Tensor input, weight, output;  // the output before anything is done to it in place
};

// Watches the computations of this thread during the object's lifetime. A thread may have only one
// at a time.
class LayerWatch {
 public:
  // `on_call` is called after each layer and must not throw.
  LayerWatch(const torch::nn::Module& network, std::function<void(const LayerCall&)> on_call);
  ~LayerWatch();
  LayerWatch(const LayerWatch&) = delete;
  LayerWatch& operator=(const LayerWatch&) = delete;

  // Report a layer to the watch of this thread, if there is one.
  static void NoteBatchNorm(const at::Tensor& input, const at::Tensor& weight,
                            const at::Tensor& output);
  static void NoteConvolution(const at::Tensor& input, const at::Tensor& weight,
                              const at::Tensor& output);
  static void NoteMeanPool(const at::Tensor& input, const at::Tensor& output);

  // Only layer_watch.cc uses this.
  struct Hooks;

 private:
  std::string NameOf(const at::Tensor& weight) const;

  std::map<const void*, std::string> names_;  // of layers, by the address of each parameter
  std::function<void(const LayerCall&)> on_call_;
  uint64_t handle_ = 0;
};

}  // namespace reel3d
