// SPDX-License-Identifier: Apache-2.0
#include "lib/model/profile.h"

#include <torch/nn/module.h>

#include <algorithm>
#include <map>

#include "lib/model/conv_unit.h"
#include "lib/model/layer_watch.h"
#include "lib/model/memory_meter.h"

namespace reel3d {
namespace {

// torch uses slower code for a single clip.
constexpr int64_t kClips = 2;

LayerProfile Profile(const LayerCall& call, const std::map<std::string, int64_t>& parameters) {
  LayerProfile layer;
  layer.name = call.layer;
  layer.kind = call.kind;
  layer.output = call.output.sizes().slice(1).vec();
  const auto own = parameters.find(call.layer);
  layer.parameters = own == parameters.end() ? 0 : own->second;
  if (call.kind == "convolution" || call.kind == "linear") {
    const int64_t positions = call.output.numel() / call.output.size(0) / call.output.size(1);
    layer.multiply_adds = positions * call.weight.numel();
  }
  return layer;
}

// Returns the number of parameters of each layer.
std::map<std::string, int64_t> ParametersOf(const torch::nn::Module& network) {
  std::map<std::string, int64_t> counts;
  for (const auto& parameter : network.named_parameters()) {
    counts[parameter.key().substr(0, parameter.key().rfind('.'))] += parameter.value().numel();
  }
  return counts;
}

}  // namespace

NetworkProfile ProfileNetwork(const NetworkOptions& options, int64_t frames, int64_t height,
                              int64_t width) {
  options.CheckClips(frames, height, width);
  Network network = MakeNetwork(options);
  UseEveryTap(*network);
  const auto clips = [&] { return at::zeros({kClips, options.channels, frames, height, width}); };
  NetworkProfile profile;
  {
    const at::NoGradGuard no_gradient;
    const MemoryMeter memory;
    const LayerWatch watch(*network, [&](const LayerCall& /*call*/) {
      profile.inference_bytes = std::max(profile.inference_bytes, memory.held_bytes() / kClips);
    });
    network->eval();
    network->forward(clips());
  }
  network->train();
  const std::map<std::string, int64_t> parameters = ParametersOf(*network);
  const MemoryMeter memory;
  const LayerWatch watch(*network, [&](const LayerCall& call) {
    profile.layers.push_back(Profile(call, parameters));
  });
  const at::Tensor logits = network->forward(clips());
  profile.training_bytes = memory.held_bytes() / kClips;
  for (const LayerProfile& layer : profile.layers) {
    profile.parameters += layer.parameters;
    profile.multiply_adds += layer.multiply_adds;
  }
  return profile;
}

}  // namespace reel3d
