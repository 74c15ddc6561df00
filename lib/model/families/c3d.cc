// Makes C3D (Tran et al., ICCV 2015): eight convolutions, five poolings, three linear layers, under
// the names of the PyTorch form of its Sports-1M weights. The other variant has batch norm behind
// every layer but the last, as Carreira and Zisserman (2017, section 2) trained it. The names of
// these batch norms are ours.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <torch/nn/modules/linear.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "lib/model/conv_unit.h"
#include "lib/model/family_network.h"
#include "lib/model/pointwise.h"
#include "lib/weights/channels.h"
#include "lib/weights/families/c3d_plan.h"
#include "lib/weights/family_list.h"

namespace reel3d {
namespace {

namespace nn = torch::nn;

// fc6 takes one frame of 4 x 4 features.
constexpr int64_t kFrames = 1;
constexpr int64_t kSize = 4;

// Only the last pooling pads: one row or column on each side.
constexpr int64_t FramesLeft(int64_t frames) { return frames / 16; }
constexpr int64_t SizeLeft(int64_t size) { return size / 16 / 2 + 1; }

void CheckClipsOfC3d(const NetworkOptions& /*options*/, int64_t frames, int64_t height,
                     int64_t width) {
  if (FramesLeft(frames) != kFrames || SizeLeft(height) != kSize || SizeLeft(width) != kSize) {
    throw UsageError(
        fmt::format("clips of {} x {} x {}: C3D takes 16 to 31 frames of 96 to 127 pixels, and was "
                    "published for 16 x 112 x 112",
                    frames, height, width));
  }
}

class C3dImpl : public NetworkImpl {
 public:
  C3dImpl(const NetworkOptions& options, bool with_batch_norm) : dropout_(options.dropout) {
    int64_t in = options.channels;
    for (const C3dLayer& layer : kC3dLayers) {
      const int64_t out = ScaledChannels(layer.channels, options.width);
      convolutions_.emplace_back(ConvolutionOptions{in, out, 3, 1, 1, !with_batch_norm});
      register_module(std::string("conv") + layer.name, convolutions_.back());
      if (with_batch_norm) {
        batch_norms_.emplace_back(register_module(std::string("bn") + layer.name, BatchNorm(out)));
        convolutions_.back()->PrecedeBatchNorm(batch_norms_.back());
      }
      in = out;
    }
    const int64_t hidden = ScaledChannels(kC3dHidden, options.width);
    const std::array<int64_t, 3> inputs = {in * kFrames * kSize * kSize, hidden, hidden};
    for (size_t i = 0; i < 3; ++i) {
      const std::string number = std::to_string(6 + i);
      const bool is_last = i == 2;
      linears_.emplace_back(register_module(
          "fc" + number, nn::Linear(inputs[i], is_last ? options.num_classes : hidden)));
      if (with_batch_norm && !is_last) {
        batch_norms_.emplace_back(register_module("bn" + number, BatchNorm(hidden)));
      }
    }
  }

  bool HasLinearHead() const override { return false; }

 protected:
  at::Tensor Features(const at::Tensor& clips, int stages_left) override {
    CheckClipsOfC3d({}, clips.size(2), clips.size(3), clips.size(4));
    return Convolve(clips, 0, LayersBefore(stages_left));
  }

  at::Tensor Head(const at::Tensor& given, int stages_left) override {
    const size_t last = kC3dLayers.size() - 1;
    const at::Tensor features = Convolve(given, LayersBefore(stages_left), kC3dLayers.size());
    at::Tensor values = Pool(last, features).flatten(1).to(linears_[0]->weight.dtype());
    for (size_t i = 0; i < 2; ++i) {
      values = torch::dropout(Activate(kC3dLayers.size() + i, linears_[i](values)), dropout_,
                              is_training());
    }
    return linears_[2](values);
  }

 private:
  // Returns the number of convolutions before the last `stages_left` stages. A stage ends before a
  // pooling.
  static size_t LayersBefore(int stages_left) {
    size_t layers = kC3dLayers.size();
    for (int stage = 0; stage < stages_left; ++stage) {
      do {
        --layers;
      } while (kC3dLayers[layers - 1].pool_frames == 0);
    }
    return layers;
  }

  // Computes the convolutions [first, end), each with the pooling that is due before it.
  at::Tensor Convolve(const at::Tensor& input, size_t first, size_t end) {
    at::Tensor features = input;
    for (size_t layer = first; layer < end; ++layer) {
      features = layer == 0 ? features : Pool(layer - 1, features);
      features = Activate(layer, convolutions_[layer](features));
    }
    return features;
  }

  // Pools the output of a layer, if the layer has a pooling behind it.
  static at::Tensor Pool(size_t layer, const at::Tensor& features) {
    const int64_t frames = kC3dLayers[layer].pool_frames;
    const int64_t pad = layer + 1 == kC3dLayers.size() ? 1 : 0;
    return frames == 0 ? features
                       : MaxPool(features, {{frames, 2, 2}}, {{frames, 2, 2}}, {{0, pad, pad}});
  }

  at::Tensor Activate(size_t layer, const at::Tensor& output) {
    return batch_norms_.empty() ? output.relu() : Relu(batch_norms_[layer](output));
  }

  double dropout_;
  std::vector<Convolution> convolutions_;
  std::vector<nn::Linear> linears_;
  std::vector<BatchNorm> batch_norms_;  // of all layers but the last, or none
};

std::shared_ptr<NetworkImpl> MakeC3d(const NetworkOptions& options) {
  return std::make_shared<C3dImpl>(options, /*with_batch_norm=*/false);
}

std::shared_ptr<NetworkImpl> MakeC3dWithBatchNorm(const NetworkOptions& options) {
  return std::make_shared<C3dImpl>(options, /*with_batch_norm=*/true);
}

}  // namespace

template <>
FamilyNetwork NetworkOf<family::C3d>() {
  return {MakeC3d, CheckClipsOfC3d};
}

template <>
FamilyNetwork NetworkOf<family::C3dBn>() {
  return {MakeC3dWithBatchNorm, CheckClipsOfC3d};
}

}  // namespace reel3d
