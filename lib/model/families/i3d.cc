// Makes I3D (Carreira and Zisserman, CVPR 2017): Inception-v1 inflated into time, the RGB stream,
// under the names of its weights' PyTorch form. Padding and batch norm are as in the original,
// which used TensorFlow.
// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "lib/model/conv_unit.h"
#include "lib/model/family_network.h"
#include "lib/model/pointwise.h"
#include "lib/weights/channels.h"
#include "lib/weights/families/i3d_plan.h"
#include "lib/weights/family_list.h"

namespace reel3d {
namespace {

namespace nn = torch::nn;

constexpr BatchNormOptions kBatchNorm = {1e-3, 0.01};

// A convolution, batch norm and ReLU.
class Unit {
 public:
  Unit(nn::Module& owner, const std::string& path, int64_t in, int64_t out, int64_t kernel,
       int64_t stride = 1)
      : unit_(owner, path + ".conv3d", path + ".bn",
              {in, out, kernel, stride, 1, false, Padding::kSame}, kBatchNorm) {}

  at::Tensor operator()(const at::Tensor& input) { return Relu(unit_(input)); }

 private:
  ConvUnit unit_;
};

class Mixed {
 public:
  Mixed(nn::Module& owner, const std::string& path, int64_t in,
        const std::array<int64_t, 6>& channels)
      : b0_(owner, path + ".b0", in, channels[0], 1),
        b1a_(owner, path + ".b1a", in, channels[1], 1),
        b1b_(owner, path + ".b1b", channels[1], channels[2], 3),
        b2a_(owner, path + ".b2a", in, channels[3], 1),
        b2b_(owner, path + ".b2b", channels[3], channels[4], 3),
        b3b_(owner, path + ".b3b", in, channels[5], 1) {}

  at::Tensor operator()(const at::Tensor& input) {
    return at::cat(
        {b0_(input), b1b_(b1a_(input)), b2b_(b2a_(input)), b3b_(MaxPoolSame(input, 3, 1))}, 1);
  }

 private:
  Unit b0_, b1a_, b1b_, b2a_, b2b_, b3b_;
};

class I3dImpl : public NetworkImpl {
 public:
  explicit I3dImpl(const NetworkOptions& options)
      : dropout_(options.dropout),
        first_(*this, "Conv3d_1a_7x7", options.channels, ScaledChannels(64, options.width), 7, 2),
        second_(*this, "Conv3d_2b_1x1", ScaledChannels(64, options.width),
                ScaledChannels(64, options.width), 1),
        third_(*this, "Conv3d_2c_3x3", ScaledChannels(64, options.width),
               ScaledChannels(192, options.width), 3) {
    int64_t in = ScaledChannels(192, options.width);
    for (const I3dModule& plan : kI3dModules) {
      std::array<int64_t, 6> channels = {};
      std::transform(plan.channels.begin(), plan.channels.end(), channels.begin(),
                     [&](int64_t of_branch) { return ScaledChannels(of_branch, options.width); });
      mixed_.emplace_back(*this, plan.name, in, channels);
      in = channels[0] + channels[2] + channels[4] + channels[5];
    }
    ConvolutionOptions logits = {in, options.num_classes};
    logits.bias = true;
    logits_ = Convolution(logits);
    RegisterAt(*this, "logits.conv3d", logits_.ptr());
  }

 protected:
  at::Tensor Features(const at::Tensor& clips, int stages_left) override {
    at::Tensor features = PoolSpace(first_(clips));
    features = PoolSpace(third_(second_(features)));
    return ComputeMixed(features, 0, ModulesBefore(stages_left));
  }

  at::Tensor Head(const at::Tensor& given, int stages_left) override {
    const at::Tensor features = ComputeMixed(given, ModulesBefore(stages_left), mixed_.size());
    // The window has 2 frames and 7 x 7 places, the complete area of clips of 224 pixels. A smaller
    // map is covered completely.
    const auto window = [&](int64_t axis, int64_t size) {
      return std::min(size, features.size(axis));
    };
    const at::Tensor pooled =
        AveragePool(features, {{window(2, 2), window(3, 7), window(4, 7)}}, 1);
    return logits_(torch::dropout(pooled, dropout_, is_training())).mean({2, 3, 4});
  }

 private:
  // Returns the number of mixed modules before the last `stages_left` stages. A stage begins with a
  // pooling; the stage before all poolings has the first modules.
  size_t ModulesBefore(int stages_left) const {
    size_t modules = mixed_.size();
    for (int stage = 0; stage < stages_left; ++stage) {
      do {
        --modules;
      } while (modules > 0 && kI3dModules[modules].pool_before == 0);
    }
    return modules;
  }

  // Computes the modules [first, end), each with the pooling before it.
  at::Tensor ComputeMixed(const at::Tensor& input, size_t first, size_t end) {
    at::Tensor features = input;
    for (size_t i = first; i < end; ++i) {
      const int64_t pool = kI3dModules[i].pool_before;
      if (pool != 0) {
        features = MaxPoolSame(features, pool, 2);
      }
      features = mixed_[i](features);
    }
    return features;
  }

  static at::Tensor PoolSpace(const at::Tensor& features) {
    return MaxPoolSame(features, {{1, 3, 3}}, {{1, 2, 2}});
  }

  double dropout_;
  Unit first_, second_, third_;
  std::vector<Mixed> mixed_;
  Convolution logits_{nullptr};
};

std::shared_ptr<NetworkImpl> MakeI3d(const NetworkOptions& options) {
  return std::make_shared<I3dImpl>(options);
}

}  // namespace

template <>
FamilyNetwork NetworkOf<family::I3d>() {
  return {MakeI3d};
}

}  // namespace reel3d
