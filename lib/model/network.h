// Makes networks of any family that reel3d knows, which classify clips. This file has the options
// that choose a network, and the methods that all networks have. Each family has a file of its own.
// Its parameters and buffers have the names of the weights that its authors published. Training is
// elsewhere (lib/train).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/weights/family.h"

namespace reel3d {

// Chooses what joins the input and output of a block if they differ in shape.
enum class ShortcutType { kA, kB };
inline std::vector<NamedChoice<ShortcutType>> ChoicesOf(ShortcutType /*type*/) {
  return {{ShortcutType::kA, "a", "subsampling and zero channels (the paper)"},
          {ShortcutType::kB, "b", "a convolution with weights of its own"}};
}

// Chooses whether gradients pass through shortcuts of type a, in training only.
enum class ShortcutGradient { kFlow, kCut };
inline std::vector<NamedChoice<ShortcutGradient>> ChoicesOf(ShortcutGradient /*type*/) {
  return {
      {ShortcutGradient::kFlow, "flow", "gradients pass (the paper)"},
      {ShortcutGradient::kCut, "cut", "gradients stop, as in the authors' code of 2018 and 2020"}};
}

struct NetworkOptions {
  std::string model = FamilyNames().front();
  int depth = 18;
  ShortcutType shortcut = ShortcutType::kA;
  ShortcutGradient shortcut_gradient = ShortcutGradient::kFlow;  // for type a, in training
  double width = 1;       // channels of every layer are int(64 * width), int(128 * width), ...
  int stem_channels = 0;  // of the first convolution; 0: int(64 * width)
  int stem_frames = 7;
  int stem_stride = 1;  // of the first convolution, in frames
  bool max_pool = true;
  double dropout = 0.5;
  // The next two are not options: they follow from the data.
  int num_classes = 400;
  int channels = 3;

  // Binds --model, --depth, --shortcut, --shortcut-gradient, --width, --stem-channels,
  // --stem-frames, --stem-stride, --max-pool, --dropout.
  void Bind(OptionBinder& binder);
  // Throws a usage error if there is no such network.
  void Check() const;
  // Throws a usage error that says what is accepted if the network cannot take such clips.
  void CheckClips(int64_t frames, int64_t height, int64_t width) const;

  int64_t StemChannels() const;
};

// Returns every value of --model.
std::vector<std::string> ModelNames();

// Returns a text such as "r3d-18, shortcut a, width 1".
std::string Describe(const NetworkOptions& options);

class NetworkImpl : public torch::nn::Module {
 public:
  // Takes float (N, C, T, H, W) and returns logits (N, num_classes) of the same type. The layers
  // between may compute in another precision (precision.h). N = 0 is allowed, forward and backward.
  at::Tensor forward(const at::Tensor& clips);

  // The two halves of forward(): forward(clips) is LogitsOf(FeaturesOf(clips)), in the type of the
  // clips. Features are (N, channels, T', H', W'): they have places in time and space.
  // `stages_left` says how many of the network's last stages belong to the second half, 0 ..
  // kMostStagesLeft. With 0 these are the last features. Each stage more gives up to twice as many
  // places along each axis.
  static constexpr int kMostStagesLeft = 3;
  at::Tensor FeaturesOf(const at::Tensor& clips, int stages_left = 0);
  at::Tensor LogitsOf(const at::Tensor& features, int stages_left = 0) {
    return Head(features, stages_left);
  }
  // Returns whether logits are a weighted sum of the last features plus a bias, so that each
  // feature's share in a logit is known exactly. That holds for means and one linear layer, in
  // evaluation mode.
  virtual bool HasLinearHead() const { return true; }
  // Returns whether place i of the features looks at frame, row and column i * step of the clip:
  // all strides are those of odd kernels with padding of half their size. If not, each place looks
  // at the middle of an equal part of the clip, within a pixel and a half.
  virtual bool PlacesBeginAtZero() const { return false; }

  // Makes each convolution do the work of the batch norm behind it, which saves a pass over the
  // features. Only for evaluation: the state dict then differs from that of any file.
  void AbsorbBatchNorms();

  // Moves the data of parameters and buffers. The tensors stay the same objects, so references to
  // them remain valid.
  using torch::nn::Module::to;
  void to(at::Device device, bool non_blocking = false) override;

  // Initialises the weights with random numbers that depend on `seed` alone, not on torch's global
  // generators. Convolutions: Kaiming normal, fan-out, ReLU; their biases: 0. Batch norm: 1 and 0.
  // Linear layers: uniform +-1/sqrt(inputs).
  void Initialize(uint64_t seed);

 protected:
  virtual at::Tensor Features(const at::Tensor& clips, int stages_left) = 0;
  virtual at::Tensor Head(const at::Tensor& features, int stages_left) = 0;

 private:
  void LayOut();
};
TORCH_MODULE(Network);

// Throws a usage error on options that Check() refuses.
Network MakeNetwork(const NetworkOptions& options, uint64_t seed = 0);

}  // namespace reel3d
