// Makes DenseNet-BC (Huang et al., CVPR 2017) with 3D kernels, as Hara, Kataoka and Satoh trained
// it in 2018: github.com/kenshohara/3D-ResNets-PyTorch. Tensors have the names of the branch
// master; lib/weights/published_names.h converts the older names. Each layer's features are
// appended to its input, so that training keeps every input of every layer: memory grows with the
// square of a block's layers.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "lib/model/conv_unit.h"
#include "lib/model/family_network.h"
#include "lib/model/layer_watch.h"
#include "lib/model/pointwise.h"
#include "lib/weights/channels.h"
#include "lib/weights/families/densenet_plan.h"
#include "lib/weights/family_list.h"

namespace reel3d {
namespace {

namespace nn = torch::nn;

// Each of the three transitions halves T, H and W, rounded down, so 8 become 1.
constexpr int64_t kLeastBeforeBlocks = 8;

void CheckClipsOfDenseNet(const NetworkOptions& options, int64_t frames, int64_t height,
                          int64_t width) {
  // The smallest clips leave exactly kLeastBeforeBlocks frames, rows and columns behind the stem.
  const int64_t steps = (options.max_pool ? 2 : 1) * (kLeastBeforeBlocks - 1);
  const int64_t least_frames = steps * options.stem_stride + 1;
  const int64_t least_pixels = steps * 2 + 1;
  if (frames < least_frames || height < least_pixels || width < least_pixels) {
    throw UsageError(
        fmt::format("clips of {} x {} x {}: this densenet takes at least {} frames of {} x {} "
                    "pixels, and was published for 16 x 112 x 112",
                    frames, height, width, least_frames, least_pixels, least_pixels));
  }
}

BatchNorm AddBatchNorm(nn::Module& owner, const std::string& path, int64_t channels) {
  BatchNorm batch_norm(channels);
  RegisterAt(owner, path, batch_norm.ptr());
  return batch_norm;
}

// Returns the mean of each 2 x 2 x 2 values, and drops odd ones at the end. Unlike at::avg_pool3d,
// slices work in bfloat16 on CPUs and with N = 0. Their backward pass gives the same bits each time
// on GPUs. A TorchScript program that is recorded from slices works for other sizes.
at::Tensor HalveByMean(const at::Tensor& features) {
  at::Tensor sum = features;
  for (int64_t axis = 2; axis < 5; ++axis) {
    sum = sum.slice(axis, 0, -1, 2).add(sum.slice(axis, 1, std::nullopt, 2));
  }
  sum.mul_(0.125);
  LayerWatch::NoteMeanPool(features, sum);
  return sum;
}

// Computes new channels, and appends them to the channels of its input.
class DenseLayer {
 public:
  DenseLayer(nn::Module& owner, const std::string& path, int64_t in, int64_t growth)
      : norm_(AddBatchNorm(owner, path + ".norm1", in)),
        squeeze_(owner, path + ".conv1", path + ".norm2", {in, kDenseBottleneck * growth}),
        grow_(ConvolutionOptions{kDenseBottleneck * growth, growth, 3}) {
    RegisterAt(owner, path + ".conv2", grow_.ptr());
  }

  at::Tensor operator()(const at::Tensor& input) {
    const at::Tensor squeezed = Relu(squeeze_(Relu(norm_(input))));
    return at::cat({input, grow_(squeezed)}, 1);
  }

 private:
  BatchNorm norm_;
  ConvUnit squeeze_;
  Convolution grow_;
};

// Stands between two blocks, and halves the channels and T, H and W.
class Transition {
 public:
  Transition(nn::Module& owner, const std::string& path, int64_t in)
      : norm_(AddBatchNorm(owner, path + ".norm", in)),
        convolution_(ConvolutionOptions{in, in / 2}) {
    RegisterAt(owner, path + ".conv", convolution_.ptr());
  }

  at::Tensor operator()(const at::Tensor& input) {
    return HalveByMean(convolution_(Relu(norm_(input))));
  }

 private:
  BatchNorm norm_;
  Convolution convolution_;
};

class DenseNetImpl : public NetworkImpl {
 public:
  explicit DenseNetImpl(const NetworkOptions& options)
      : options_(options),
        stem_(*this, "features.conv1", "features.norm1",
              {options.channels,
               options.StemChannels(),
               {{options.stem_frames, 7, 7}},
               {{options.stem_stride, 2, 2}}}) {
    const int64_t growth = ScaledChannels(kDenseGrowth, options.width);
    int64_t channels = options.StemChannels();
    for (size_t block = 0; block < 4; ++block) {
      for (int64_t layer = 0; layer < BlocksOf(options.depth)[block]; ++layer) {
        const std::string path =
            fmt::format("features.denseblock{}.denselayer{}", block + 1, layer + 1);
        blocks_[block].emplace_back(*this, path, channels, growth);
        channels += growth;
      }
      if (block < transitions_.size()) {
        transitions_[block].emplace(*this, fmt::format("features.transition{}", block + 1),
                                    channels);
        channels /= 2;
      }
    }
    norm_ = AddBatchNorm(*this, "features.norm5", channels);
    classifier_ = register_module("classifier", nn::Linear(channels, options.num_classes));
  }

 protected:
  at::Tensor Features(const at::Tensor& clips, int stages_left) override {
    CheckClipsOfDenseNet(options_, clips.size(2), clips.size(3), clips.size(4));
    at::Tensor features = stem_(clips);
    if (options_.max_pool) {
      // The largest value is the same before ReLU and behind it, and here ReLU has an eighth of the
      // values.
      features = MaxPool(features, 3, 2, 1);
    }
    features = Relu(features);
    for (size_t block = 0; block < blocks_.size() - static_cast<size_t>(stages_left); ++block) {
      features = Compute(block, features);
    }
    return features;
  }

  at::Tensor Head(const at::Tensor& given, int stages_left) override {
    at::Tensor features = given;
    for (size_t block = blocks_.size() - static_cast<size_t>(stages_left); block < blocks_.size();
         ++block) {
      features = Compute(block, features);
    }
    return classifier_(features.mean({2, 3, 4}).to(classifier_->weight.dtype()));
  }

 private:
  // Computes a block with the transition before it, and behind the last block batch norm and ReLU.
  at::Tensor Compute(size_t block, const at::Tensor& input) {
    at::Tensor features = block == 0 ? input : (*transitions_[block - 1])(input);
    for (DenseLayer& layer : blocks_[block]) {
      features = layer(features);
    }
    return block + 1 < blocks_.size() ? features : Relu(norm_(features));
  }

  static const std::array<int64_t, 4>& BlocksOf(int depth) {
    const auto* const found =
        std::find_if(kDenseNetDepths.begin(), kDenseNetDepths.end(),
                     [depth](const DenseNetDepth& known) { return known.layers == depth; });
    REEL3D_CHECK(found != kDenseNetDepths.end());
    return found->blocks;
  }

  NetworkOptions options_;
  ConvUnit stem_;
  std::array<std::vector<DenseLayer>, 4> blocks_;
  std::array<std::optional<Transition>, 3> transitions_;
  BatchNorm norm_{nullptr};
  nn::Linear classifier_{nullptr};
};

std::shared_ptr<NetworkImpl> MakeDenseNet(const NetworkOptions& options) {
  return std::make_shared<DenseNetImpl>(options);
}

}  // namespace

template <>
FamilyNetwork NetworkOf<family::DenseNet>() {
  return {MakeDenseNet, CheckClipsOfDenseNet};
}

}  // namespace reel3d
