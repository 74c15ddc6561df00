// SPDX-License-Identifier: Apache-2.0
#include "lib/model/network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/nn/modules/linear.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "lib/base/error.h"
#include "lib/model/conv_unit.h"
#include "lib/model/families.h"
#include "lib/weights/channels.h"

namespace reel3d {
namespace {

namespace nn = torch::nn;

struct Family {
  const char* name;
  std::shared_ptr<NetworkImpl> (*make)(const NetworkOptions&);
  std::vector<int> depths;  // that --depth can name; none: the family has just one
  // This is null if the family takes any clips.
  void (*check_clips)(const NetworkOptions& options, int64_t frames, int64_t height,
                      int64_t width) = nullptr;
  bool has_shortcuts = true;  // of those with depths: whether --shortcut is theirs
};

const std::vector<int> kAllDepths = {10, 18, 34, 50, 101, 152, 200};
const std::vector<int> kBottleneckDepths = {50, 101, 152, 200};
const std::vector<int> kDenseDepths = {121, 169, 201, 264};

const std::vector<Family>& Families() {
  static const std::vector<Family> families = {
      {"r3d", MakeR3d, kAllDepths},
      {"preact", MakePreActivation, kAllDepths},
      {"wide", MakeWide, kBottleneckDepths},
      {"resnext", MakeResNeXt, kBottleneckDepths},
      {"r2p1d", MakeR2p1d, kAllDepths},
      {"densenet", MakeDenseNet, kDenseDepths, CheckClipsOfDenseNet, /*has_shortcuts=*/false},
      {"r3d_18", MakeTorchvisionR3d, {}},
      {"mc3_18", MakeTorchvisionMc3, {}},
      {"r2plus1d_18", MakeTorchvisionR2plus1d, {}},
      {"c3d", MakeC3d, {}, CheckClipsOfC3d},
      {"c3d-bn", MakeC3dWithBatchNorm, {}, CheckClipsOfC3d},
      {"i3d", MakeI3d, {}},
  };
  return families;
}

const Family& FamilyOf(const NetworkOptions& options) {
  for (const Family& family : Families()) {
    if (family.name == options.model) {
      return family;
    }
  }
  throw UsageError(
      fmt::format("--model {}: there is {}", options.model, fmt::join(ModelNames(), ", ")));
}

// This layout is a sixth faster on CPUs: oneDNN need not reorder, and pooling and batch norm
// vectorise. On an H100, R3D-18 trained a quarter faster in TF32 and a third in bfloat16; in
// float32 it makes no difference.
constexpr auto kLayout = at::MemoryFormat::ChannelsLast3d;

}  // namespace

std::vector<std::string> ModelNames() {
  std::vector<std::string> names;
  for (const Family& family : Families()) {
    names.emplace_back(family.name);
  }
  return names;
}

void NetworkOptions::Bind(OptionBinder& binder) {
  binder.Choice("model", &model, ModelNames(),
                "family of the network. Residual: r3d (the paper), preact (batch norm before each "
                "convolution), wide (bottlenecks of twice the channels), resnext (32 groups), "
                "r2p1d (space, then time). Only these use --shortcut, and only these and densenet "
                "use --depth, --stem-channels, --stem-frames, --stem-stride and --max-pool. "
                "torchvision's: r3d_18, mc3_18, r2plus1d_18. "
                "Others: c3d, c3d-bn (with batch norm), i3d (inflated Inception-v1)");
  binder.Bind("depth", &depth, {10, 264},
              "layers of the network: 10, 18, 34 (basic blocks), 50, 101, 152 or 200 (bottlenecks; "
              "wide and resnext have just these); of densenet 121, 169, 201 or 264");
  binder.Choice("shortcut", &shortcut, {"a", "b"},
                "shortcut of blocks whose input and output differ in shape. a: subsampling and "
                "zero channels (the paper). b: a convolution with weights of its own");
  binder.Choice("shortcut-gradient", &shortcut_gradient, {"flow", "cut"},
                "gradients at shortcuts of type a, in training only. flow: they pass (the paper). "
                "cut: they stop there, as in the authors' code of 2018 and 2020");
  binder.Bind("width", &width, {1.0 / 64, 16},
              "channels of every layer, as a multiple of the family's own (r3d: 64, 128, 256 and "
              "512); the cost grows with its square");
  binder.Bind("stem-channels", &stem_channels, {0, 4096},
              "channels of the first convolution. wide and resnext had 64 in 2018 and have 128 in "
              "the authors' code of 2020. 0: 64 times --width");
  binder.Bind("stem-frames", &stem_frames, {1, 31},
              "frames that the first convolution spans; an odd number");
  binder.Bind("stem-stride", &stem_stride, {1, 16}, "stride of the first convolution, in frames");
  binder.Bind("max-pool", &max_pool,
              "halve frames, height and width after the first convolution; without it the rest "
              "costs eight times as much");
  binder.Bind("dropout", &dropout, {0, 0.99},
              "share of the features that c3d, c3d-bn and i3d drop while training");
}

void NetworkOptions::Check() const {
  const std::vector<int>& depths = FamilyOf(*this).depths;
  if (!depths.empty() && std::count(depths.begin(), depths.end(), depth) == 0) {
    throw UsageError(fmt::format("--depth {}: --model {} must have depth {}", depth, model,
                                 fmt::join(depths, ", ")));
  }
  if (shortcut != "a" && shortcut != "b") {
    throw UsageError(fmt::format("--shortcut {}: must be a or b", shortcut));
  }
  if (shortcut_gradient != "flow" && shortcut_gradient != "cut") {
    throw UsageError(fmt::format("--shortcut-gradient {}: must be flow or cut", shortcut_gradient));
  }
  if (stem_frames % 2 == 0) {
    throw UsageError(fmt::format("--stem-frames {}: must be odd", stem_frames));
  }
  if (num_classes < 1 || channels < 1 || 64 * width < 1) {
    throw UsageError(
        fmt::format("invalid network: {} classes, {} input channels, --width {}; classes and "
                    "channels must be at least 1, the width at least 1/64",
                    num_classes, channels, width));
  }
}

void NetworkOptions::CheckClips(int64_t frames, int64_t height, int64_t width_pixels) const {
  const Family& family = FamilyOf(*this);
  if (family.check_clips != nullptr) {
    family.check_clips(*this, frames, height, width_pixels);
  }
}

int64_t NetworkOptions::StemChannels() const {
  return stem_channels > 0 ? stem_channels : ScaledChannels(64, width);
}

std::string Describe(const NetworkOptions& options) {
  const Family& family = FamilyOf(options);
  std::string text = options.model;
  if (!family.depths.empty()) {
    text += fmt::format("-{}", options.depth);
  }
  if (!family.depths.empty() && family.has_shortcuts) {
    text += ", shortcut " + options.shortcut;
  }
  text += fmt::format(", width {}", options.width);
  if (!family.depths.empty() && options.stem_channels > 0) {
    text += fmt::format(", stem-channels {}", options.stem_channels);
  }
  return text;
}

Network MakeNetwork(const NetworkOptions& options, uint64_t seed) {
  options.Check();
  Network network(FamilyOf(options).make(options));
  network->Initialize(seed);
  return network;
}

at::Tensor NetworkImpl::forward(const at::Tensor& clips) {
  return Logits(clips.contiguous(kLayout)).to(clips.scalar_type());
}

void NetworkImpl::AbsorbBatchNorms() {
  for (ConvolutionImpl* convolution : ConvolutionsOf(*this)) {
    convolution->AbsorbBatchNorm();
  }
}

void NetworkImpl::Initialize(uint64_t seed) {
  const at::NoGradGuard no_gradient;
  at::Generator generator = at::detail::createCPUGenerator(seed);
  for (const auto& module : modules()) {
    if (auto* convolution = module->as<nn::Conv3dImpl>()) {
      at::Tensor& weight = convolution->weight;
      const int64_t fan_out = weight.numel() / weight.size(1);
      weight.normal_(0, std::sqrt(2.0 / static_cast<double>(fan_out)), generator);
      if (convolution->bias.defined()) {
        convolution->bias.zero_();
      }
    } else if (auto* linear = module->as<nn::LinearImpl>()) {
      const double bound = 1 / std::sqrt(static_cast<double>(linear->weight.size(1)));
      linear->weight.uniform_(-bound, bound, generator);
      linear->bias.uniform_(-bound, bound, generator);
    }
  }
  LayOut();
}

void NetworkImpl::to(at::Device device, bool non_blocking) {
  Module::to(device, non_blocking);
  LayOut();
}

void NetworkImpl::LayOut() {
  for (at::Tensor& parameter : parameters()) {
    if (parameter.dim() == 5) {
      parameter.set_data(parameter.contiguous(kLayout));
    }
  }
}

}  // namespace reel3d
