// SPDX-License-Identifier: Apache-2.0
#include "lib/model/r3d.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <array>
#include <cmath>
#include <map>

#include "lib/base/error.h"

namespace reel3d {
namespace {

namespace nn = torch::nn;

using Triple = torch::ExpandingArray<3>;

// Number of blocks of layer1 .. layer4. From 50 on they are bottlenecks.
const std::map<int, std::array<int64_t, 4>> kBlocks = {
    {10, {1, 1, 1, 1}},   {18, {2, 2, 2, 2}},   {34, {3, 4, 6, 3}},   {50, {3, 4, 6, 3}},
    {101, {3, 4, 23, 3}}, {152, {3, 8, 36, 3}}, {200, {3, 24, 36, 3}}};

constexpr int64_t kBottleneckExpansion = 4;

int64_t Expansion(int depth) { return depth >= 50 ? kBottleneckExpansion : 1; }

// Channels last is a sixth faster on CPUs: oneDNN need not reorder, and pooling and batch norm
// vectorise.
at::MemoryFormat BestFormat(const at::Tensor& tensor) {
  return tensor.is_cpu() ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::Contiguous;
}

nn::Conv3d Convolution(int64_t in, int64_t out, Triple kernel, Triple stride = 1,
                       Triple padding = 0) {
  return nn::Conv3d(nn::Conv3dOptions(in, out, kernel).stride(stride).padding(padding).bias(false));
}

// What a block adds its input as.
class Shortcut {
 public:
  Shortcut(const std::string& kind, int64_t in, int64_t out, int64_t stride)
      : stride_(stride), added_channels_(out - in) {
    if (kind == "b" && (stride != 1 || in != out)) {
      downsample_ = nn::Sequential(Convolution(in, out, 1, stride), BatchNorm(out));
    }
  }

  // To register as "downsample"; empty unless shortcut B needs it.
  const nn::Sequential& downsample() const { return downsample_; }

  at::Tensor Apply(const at::Tensor& input) {
    if (downsample_) {
      return downsample_->forward(input);
    }
    at::Tensor output = input;
    if (stride_ != 1) {
      for (int64_t axis = 2; axis < 5; ++axis) {
        output = output.slice(axis, 0, std::nullopt, stride_);
      }
    }
    if (added_channels_ != 0) {
      output = at::constant_pad_nd(output, {0, 0, 0, 0, 0, 0, 0, added_channels_});
    }
    return output;
  }

 private:
  int64_t stride_, added_channels_;
  nn::Sequential downsample_{nullptr};
};

class BasicBlockImpl : public nn::Module {
 public:
  BasicBlockImpl(const std::string& shortcut, int64_t in, int64_t planes, int64_t stride)
      : conv1_(register_module("conv1", Convolution(in, planes, 3, stride, 1))),
        bn1_(register_module("bn1", BatchNorm(planes))),
        conv2_(register_module("conv2", Convolution(planes, planes, 3, 1, 1))),
        bn2_(register_module("bn2", BatchNorm(planes))),
        shortcut_(shortcut, in, planes, stride) {
    if (shortcut_.downsample()) {
      register_module("downsample", shortcut_.downsample());
    }
  }

  at::Tensor forward(const at::Tensor& input) {
    const at::Tensor middle = bn1_(conv1_(input)).relu_();
    return bn2_(conv2_(middle)).add_(shortcut_.Apply(input)).relu_();
  }

 private:
  nn::Conv3d conv1_;
  BatchNorm bn1_;
  nn::Conv3d conv2_;
  BatchNorm bn2_;
  Shortcut shortcut_;
};
TORCH_MODULE(BasicBlock);

class BottleneckImpl : public nn::Module {
 public:
  BottleneckImpl(const std::string& shortcut, int64_t in, int64_t planes, int64_t stride)
      : conv1_(register_module("conv1", Convolution(in, planes, 1))),
        bn1_(register_module("bn1", BatchNorm(planes))),
        conv2_(register_module("conv2", Convolution(planes, planes, 3, stride, 1))),
        bn2_(register_module("bn2", BatchNorm(planes))),
        conv3_(register_module("conv3", Convolution(planes, planes * kBottleneckExpansion, 1))),
        bn3_(register_module("bn3", BatchNorm(planes * kBottleneckExpansion))),
        shortcut_(shortcut, in, planes * kBottleneckExpansion, stride) {
    if (shortcut_.downsample()) {
      register_module("downsample", shortcut_.downsample());
    }
  }

  at::Tensor forward(const at::Tensor& input) {
    at::Tensor middle = bn1_(conv1_(input)).relu_();
    middle = bn2_(conv2_(middle)).relu_();
    return bn3_(conv3_(middle)).add_(shortcut_.Apply(input)).relu_();
  }

 private:
  nn::Conv3d conv1_;
  BatchNorm bn1_;
  nn::Conv3d conv2_;
  BatchNorm bn2_;
  nn::Conv3d conv3_;
  BatchNorm bn3_;
  Shortcut shortcut_;
};
TORCH_MODULE(Bottleneck);

}  // namespace

void R3dOptions::Bind(OptionBinder& binder) {
  binder.Bind(
      "depth", &depth, {10, 200},
      "layers of the network: 10, 18, 34 (basic blocks), 50, 101, 152 or 200 (bottlenecks)");
  binder.Choice("shortcut", &shortcut, {"a", "b"},
                "what joins blocks of unlike shape: a, subsampling and zero channels (the paper); "
                "b, a convolution with weights of its own");
  binder.Bind("width", &width, {1.0 / 64, 16},
              "channels of every layer, as a multiple of 64, 128, 256 and 512; cost grows with its "
              "square");
  binder.Bind("stem-frames", &stem_frames, {1, 31},
              "frames that the first convolution spans; an odd number");
  binder.Bind("stem-stride", &stem_stride, {1, 16}, "stride of the first convolution, in frames");
  binder.Bind("max-pool", &max_pool,
              "halve frames, height and width after the first convolution; without it the rest "
              "costs eight times as much");
}

void R3dOptions::Check() const {
  if (kBlocks.count(depth) == 0) {
    throw UsageError(fmt::format("--depth {}: there is 10, 18, 34, 50, 101, 152 and 200", depth));
  }
  if (shortcut != "a" && shortcut != "b") {
    throw UsageError(fmt::format("--shortcut {}: there is a and b", shortcut));
  }
  if (stem_frames % 2 == 0) {
    throw UsageError(fmt::format("--stem-frames {}: must be odd", stem_frames));
  }
  if (num_classes < 1 || channels < 1 || 64 * width < 1) {
    throw UsageError(
        fmt::format("a network of {} classes, {} input channels and --width {} is none",
                    num_classes, channels, width));
  }
}

R3dImpl::R3dImpl(const R3dOptions& options, uint64_t seed) : options_(options) {
  options.Check();
  const auto planes = [&](int factor) { return static_cast<int64_t>(factor * options.width); };
  const auto& blocks = kBlocks.at(options.depth);
  in_planes_ = planes(64);
  conv1_ = register_module(
      "conv1", Convolution(options.channels, in_planes_, {options.stem_frames, 7, 7},
                           {options.stem_stride, 2, 2}, {options.stem_frames / 2, 3, 3}));
  bn1_ = register_module("bn1", BatchNorm(in_planes_));
  layer1_ = register_module("layer1", MakeLayer(planes(64), blocks[0], 1));
  layer2_ = register_module("layer2", MakeLayer(planes(128), blocks[1], 2));
  layer3_ = register_module("layer3", MakeLayer(planes(256), blocks[2], 2));
  layer4_ = register_module("layer4", MakeLayer(planes(512), blocks[3], 2));
  fc_ = register_module("fc", nn::Linear(in_planes_, options.num_classes));
  Initialize(seed);
  LayOut();
}

nn::Sequential R3dImpl::MakeLayer(int64_t planes, int64_t num_blocks, int64_t stride) {
  const int64_t expansion = Expansion(options_.depth);
  nn::Sequential layer;
  for (int64_t block = 0; block < num_blocks; ++block) {
    const int64_t block_stride = block == 0 ? stride : 1;
    if (expansion == 1) {
      layer->push_back(BasicBlock(options_.shortcut, in_planes_, planes, block_stride));
    } else {
      layer->push_back(Bottleneck(options_.shortcut, in_planes_, planes, block_stride));
    }
    in_planes_ = planes * expansion;
  }
  return layer;
}

void R3dImpl::Initialize(uint64_t seed) {
  const at::NoGradGuard no_gradient;
  at::Generator generator = at::detail::createCPUGenerator(seed);
  for (const auto& parameter : named_parameters()) {
    at::Tensor values = parameter.value();
    if (values.dim() == 5) {
      const int64_t fan_out = values.numel() / values.size(1);
      values.normal_(0, std::sqrt(2.0 / static_cast<double>(fan_out)), generator);
    }
  }
  const double bound = 1 / std::sqrt(static_cast<double>(in_planes_));
  fc_->weight.uniform_(-bound, bound, generator);
  fc_->bias.uniform_(-bound, bound, generator);
}

void R3dImpl::to(at::Device device, bool non_blocking) {
  Module::to(device, non_blocking);
  LayOut();
}

void R3dImpl::LayOut() {
  for (at::Tensor& parameter : parameters()) {
    if (parameter.dim() == 5) {
      parameter.set_data(parameter.contiguous(BestFormat(parameter)));
    }
  }
}

at::Tensor R3dImpl::forward(at::Tensor clips) {
  clips = clips.contiguous(BestFormat(clips));
  at::Tensor features = bn1_(conv1_(clips)).relu_();
  if (options_.max_pool) {
    features = at::max_pool3d(features, 3, 2, 1);
  }
  features = layer1_->forward(features);
  features = layer2_->forward(features);
  features = layer3_->forward(features);
  features = layer4_->forward(features);
  return fc_(at::adaptive_avg_pool3d(features, {1, 1, 1}).flatten(1));
}

}  // namespace reel3d
