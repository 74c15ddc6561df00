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
#include "lib/model/family_network.h"
#include "lib/weights/channels.h"
#include "lib/weights/family.h"
#include "lib/weights/family_list.h"

namespace reel3d {
namespace {

namespace nn = torch::nn;

template <class... Tags>
std::vector<FamilyNetwork> Networks(TypeList<Tags...> /*list*/) {
  return {NetworkOf<Tags>()...};
}

const FamilyNetwork& NetworkOfFamily(const Family& family) {
  static const std::vector<FamilyNetwork> networks = Networks(family::List());
  return networks.at(static_cast<size_t>(&family - Families().data()));
}

// This memory layout makes CPUs a sixth faster: oneDNN need not reorder, and pooling and batch norm
// vectorise. On an H100, R3D-18 trained a quarter faster in TF32 and a third in bfloat16; in
// float32 the layout makes no difference.
constexpr auto kLayout = at::MemoryFormat::ChannelsLast3d;

// Returns "r3d (the paper), preact (...), c3d".
std::string FamiliesWithHelp() {
  std::string text;
  for (const Family& family : Families()) {
    text += (text.empty() ? "" : ", ") + family.name;
    text += family.help.empty() ? "" : fmt::format(" ({})", family.help);
  }
  return text;
}

std::string HelpOnModel() {
  return fmt::format(
      "family of the network: {}. Only {} use --shortcut. Only {} use --depth, --stem-channels, "
      "--stem-frames, --stem-stride and --max-pool",
      FamiliesWithHelp(),
      NamesOfFamilies([](const Family& family) { return family.has_shortcuts; }),
      NamesOfFamilies([](const Family& family) { return !family.depths.empty(); }));
}

std::string HelpOnDropout() {
  return fmt::format("share of the features to drop in training; only {} use dropout. 0: none",
                     NamesOfFamilies([](const Family& family) { return family.has_dropout; }));
}

}  // namespace

std::vector<std::string> ModelNames() { return FamilyNames(); }

void NetworkOptions::Bind(OptionBinder& binder) {
  binder.Choice("model", &model, ModelNames(), HelpOnModel().c_str());
  binder.Bind("depth", &depth, {10, 264}, ("layers of the network: " + DepthsOfFamilies()).c_str());
  binder.Choice("shortcut", &shortcut,
                "how to join a block's input and output if they differ in shape");
  binder.Choice("shortcut-gradient", &shortcut_gradient,
                "whether gradients pass through the shortcuts of --shortcut a, in training only");
  binder.Bind(
      "width", &width, {1.0 / 64, 16},
      "factor for the channels of every layer. At factor 1, the four stages of the paper's "
      "networks have 64, 128, 256 and 512 channels. The cost grows with the square of the factor");
  binder.Bind("stem-channels", &stem_channels, {0, 4096},
              "channels of the first convolution. In the authors' code, some networks have 64 "
              "in 2018 and 128 in 2020. 0: 64 times --width");
  binder.Bind("stem-frames", &stem_frames, {1, 31},
              "frames that the first convolution spans; an odd number");
  binder.Bind("stem-stride", &stem_stride, {1, 16}, "stride of the first convolution, in frames");
  binder.Bind("max-pool", &max_pool,
              "halve frames, height and width after the first convolution; without this pooling "
              "the later layers cost eight times as much");
  binder.Bind("dropout", &dropout, {0, 0.99}, HelpOnDropout().c_str());
}

void NetworkOptions::Check() const {
  const std::vector<int>& depths = FamilyOf(model).depths;
  if (!depths.empty() && std::count(depths.begin(), depths.end(), depth) == 0) {
    throw UsageError(fmt::format("--depth {}: --model {} must have depth {}", depth, model,
                                 fmt::join(depths, ", ")));
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
  const FamilyNetwork& network = NetworkOfFamily(FamilyOf(model));
  if (network.check_clips != nullptr) {
    network.check_clips(*this, frames, height, width_pixels);
  }
}

int64_t NetworkOptions::StemChannels() const {
  return stem_channels > 0 ? stem_channels : ScaledChannels(64, width);
}

std::string Describe(const NetworkOptions& options) {
  const Family& family = FamilyOf(options.model);
  std::string text = options.model;
  if (!family.depths.empty()) {
    text += fmt::format("-{}", options.depth);
  }
  if (!family.depths.empty() && family.has_shortcuts) {
    text += fmt::format(", shortcut {}", NameOf(options.shortcut));
  }
  text += fmt::format(", width {}", options.width);
  if (!family.depths.empty() && options.stem_channels > 0) {
    text += fmt::format(", stem-channels {}", options.stem_channels);
  }
  return text;
}

Network MakeNetwork(const NetworkOptions& options, uint64_t seed) {
  options.Check();
  Network network(NetworkOfFamily(FamilyOf(options.model)).make(options));
  network->Initialize(seed);
  return network;
}

at::Tensor NetworkImpl::forward(const at::Tensor& clips) {
  return Head(FeaturesOf(clips), 0).to(clips.scalar_type());
}

at::Tensor NetworkImpl::FeaturesOf(const at::Tensor& clips, int stages_left) {
  REEL3D_CHECK(stages_left >= 0 && stages_left <= kMostStagesLeft);
  return Features(clips.contiguous(kLayout), stages_left);
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
