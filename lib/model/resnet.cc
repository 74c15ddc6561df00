// SPDX-License-Identifier: Apache-2.0
#include "lib/model/resnet.h"

#include <fmt/format.h>
#include <torch/nn/modules/linear.h>

#include <algorithm>
#include <optional>

#include "lib/base/error.h"
#include "lib/model/pointwise.h"
#include "lib/weights/channels.h"

namespace reel3d {
namespace {

namespace nn = torch::nn;

Triple ProductOfStrides(const std::vector<ConvPlan>& plans) {
  Triple product = 1;
  for (const ConvPlan& plan : plans) {
    for (size_t axis = 0; axis < 3; ++axis) {
      (*product)[axis] *= (*plan.shape.stride)[axis];
    }
  }
  return product;
}

// Converts a block's input to the shape of the block's output, so that both can be added.
class Shortcut {
 public:
  Shortcut(nn::Module& block, const ResNetPlan& plan, const std::vector<ConvPlan>& convs)
      : stride_(ProductOfStrides(convs)) {
    const int64_t in = convs.front().shape.in;
    const int64_t out = convs.back().shape.out;
    added_channels_ = out - in;
    const bool is_identity = in == out && *stride_ == *Triple(1);
    cut_gradient_ = plan.cut_gradient && !is_identity;
    if (plan.shortcut == ShortcutType::kB && !is_identity) {
      downsample_.emplace(block, "downsample.0", "downsample.1",
                          ConvolutionOptions{in, out, 1, stride_});
    }
  }

  at::Tensor operator()(const at::Tensor& input) {
    if (downsample_) {
      return (*downsample_)(input);
    }
    at::Tensor output = cut_gradient_ ? input.detach() : input;
    for (size_t axis = 0; axis < 3; ++axis) {
      if ((*stride_)[axis] != 1) {
        output = output.slice(static_cast<int64_t>(axis) + 2, 0, std::nullopt, (*stride_)[axis]);
      }
    }
    if (added_channels_ != 0) {
      output = at::constant_pad_nd(output, {0, 0, 0, 0, 0, 0, 0, added_channels_});
    }
    return output;
  }

 private:
  Triple stride_;
  int64_t added_channels_ = 0;
  bool cut_gradient_ = false;
  std::optional<ConvUnit> downsample_;
};

class Block : public nn::Module {
 public:
  virtual at::Tensor forward(const at::Tensor& input) = 0;
};

class PostActivationBlock : public Block {
 public:
  PostActivationBlock(const std::vector<ConvPlan>& plans, const ResNetPlan& network) {
    for (const ConvPlan& plan : plans) {
      units_.emplace_back(*this, plan.convolution, plan.batch_norm, plan.shape);
    }
    shortcut_.emplace(*this, network, plans);
  }

  at::Tensor forward(const at::Tensor& input) override {
    at::Tensor output = input;
    for (size_t i = 0; i < units_.size(); ++i) {
      output = units_[i](output);
      if (i + 1 < units_.size()) {
        output = Relu(output);
      }
    }
    return Relu(Plus(output, (*shortcut_)(input)));
  }

 private:
  std::vector<ConvUnit> units_;
  std::optional<Shortcut> shortcut_;
};

class PreActivationBlock : public Block {
 public:
  PreActivationBlock(const std::vector<ConvPlan>& plans, const ResNetPlan& network) {
    for (const ConvPlan& plan : plans) {
      batch_norms_.emplace_back(plan.shape.in);
      convolutions_.emplace_back(plan.shape);
      RegisterAt(*this, plan.batch_norm, batch_norms_.back().ptr());
      RegisterAt(*this, plan.convolution, convolutions_.back().ptr());
    }
    for (size_t i = 1; i < plans.size(); ++i) {
      convolutions_[i - 1]->PrecedeBatchNorm(batch_norms_[i]);
    }
    shortcut_.emplace(*this, network, plans);
  }

  at::Tensor forward(const at::Tensor& input) override {
    at::Tensor output = input;
    for (size_t i = 0; i < convolutions_.size(); ++i) {
      output = convolutions_[i](Relu(batch_norms_[i](output)));
    }
    return Plus(output, (*shortcut_)(input));
  }

 private:
  std::vector<BatchNorm> batch_norms_;
  std::vector<Convolution> convolutions_;
  std::optional<Shortcut> shortcut_;
};

class ResNetImpl : public NetworkImpl {
 public:
  ResNetImpl(const ResNetPlan& plan, int64_t num_classes) : max_pool_(plan.max_pool) {
    for (const ConvPlan& conv : plan.stem) {
      stem_.emplace_back(*this, conv.convolution, conv.batch_norm, conv.shape);
    }
    int64_t channels = plan.stem.back().shape.out;
    for (int layer = 1; layer <= 4; ++layer) {
      const auto index = static_cast<size_t>(layer - 1);
      for (int64_t number = 0; number < plan.num_blocks[index]; ++number) {
        const int64_t stride = layer > 1 && number == 0 ? 2 : 1;
        const std::vector<ConvPlan> convs = plan.block(layer, channels, plan.planes[index], stride);
        AddBlock(fmt::format("layer{}.{}", layer, number), convs, plan);
        channels = convs.back().shape.out;
      }
      layer_ends_[index] = blocks_.size();
    }
    fc_ = register_module("fc", nn::Linear(channels, num_classes));
  }

 protected:
  at::Tensor Features(const at::Tensor& clips, int stages_left) override {
    at::Tensor features = clips;
    for (size_t i = 0; i < stem_.size(); ++i) {
      features = stem_[i](features);
      if (max_pool_ && i + 1 == stem_.size()) {
        // The largest value is the same before ReLU and behind it, and here ReLU has an eighth of
        // the values.
        features = MaxPool(features, 3, 2, 1);
      }
      features = Relu(features);
    }
    for (size_t block = 0; block < BlocksBefore(stages_left); ++block) {
      features = blocks_[block]->forward(features);
    }
    return features;
  }

  at::Tensor Head(const at::Tensor& given, int stages_left) override {
    at::Tensor features = given;
    for (size_t block = BlocksBefore(stages_left); block < blocks_.size(); ++block) {
      features = blocks_[block]->forward(features);
    }
    return fc_(features.mean({2, 3, 4}).to(fc_->weight.dtype()));
  }

  bool PlacesBeginAtZero() const override { return true; }

 private:
  // Returns the number of blocks before the last `stages_left` layers.
  size_t BlocksBefore(int stages_left) const {
    return layer_ends_[layer_ends_.size() - 1 - static_cast<size_t>(stages_left)];
  }

  void AddBlock(const std::string& path, const std::vector<ConvPlan>& convs,
                const ResNetPlan& plan) {
    if (plan.pre_activation) {
      blocks_.push_back(std::make_shared<PreActivationBlock>(convs, plan));
    } else {
      blocks_.push_back(std::make_shared<PostActivationBlock>(convs, plan));
    }
    RegisterAt(*this, path, blocks_.back());
  }

  std::vector<ConvUnit> stem_;
  bool max_pool_;
  std::vector<std::shared_ptr<Block>> blocks_;
  std::array<size_t, 4> layer_ends_ = {};  // number of blocks up to the end of layer1 .. layer4
  nn::Linear fc_{nullptr};
};

}  // namespace

const ResNetDepth& DepthOf(int layers) {
  const auto* const found =
      std::find_if(kResNetDepths.begin(), kResNetDepths.end(),
                   [layers](const ResNetDepth& depth) { return depth.layers == layers; });
  REEL3D_CHECK(found != kResNetDepths.end());
  return *found;
}

std::array<int64_t, 4> PlanesOf(const NetworkOptions& options, int64_t base) {
  std::array<int64_t, 4> planes = {};
  int64_t factor = 64 * base;
  for (int64_t& of_layer : planes) {
    of_layer = ScaledChannels(factor, options.width);
    factor *= 2;
  }
  return planes;
}

std::shared_ptr<NetworkImpl> MakeResNet(const ResNetPlan& plan, int64_t num_classes) {
  return std::make_shared<ResNetImpl>(plan, num_classes);
}

}  // namespace reel3d
