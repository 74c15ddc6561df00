// time-networks measures how many clips per second a network trains on and scores, with clips in
// memory. bench/networks.py runs it beside Python's torch; run by hand, it measures only ours.
// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <functional>

#include "lib/base/timer.h"
#include "lib/cli/tool.h"
#include "lib/dist/device.h"
#include "lib/dist/torch_errors.h"
#include "lib/model/freed_memory.h"
#include "lib/model/network.h"
#include "lib/model/precision.h"
#include "lib/train/loop/optimizer.h"

namespace reel3d::bench {
namespace {

struct TimeNetworksOptions {
  NetworkOptions network;
  PrecisionOptions precision;
  DeviceChoice device = DeviceChoice::kCpu;
  int frames = 16;
  int size = 112;
  int batch = 8;
  int steps = 4;
  int threads = 2;

  void Bind(OptionBinder& binder) {
    network.Bind(binder);
    precision.Bind(binder);
    binder.Choice("device", &device, "where to compute");
    binder.Bind("frames", &frames, {1, 1024}, "of a clip");
    binder.Bind("sample-size", &size, {1, 4096}, "pixels of a clip's side");
    binder.Bind("batch", &batch, {1, 100'000}, "clips of a step");
    binder.Bind("steps", &steps, {1, 100'000}, "that are timed, after two that are not");
    binder.Bind("threads", &threads, {1, 1024}, "of the processor");
  }
  void Check() const { network.Check(); }
};

double ClipsPerSecond(const TimeNetworksOptions& options, const std::function<at::Tensor()>& step) {
  // item() waits until the GPU has finished.
  step();
  step().sum().item<float>();
  const Stopwatch clock;
  at::Tensor last;
  for (int i = 0; i < options.steps; ++i) {
    last = step();
  }
  last.sum().item<float>();
  return static_cast<double>(options.batch) * options.steps / clock.Seconds();
}

ToolResult TimeNetworks(const TimeNetworksOptions& options) {
  KeepFreedMemory();
  at::set_num_threads(options.threads);
  const at::Device device = ChooseDevice(options.device);
  ChooseKernels(/*deterministic=*/false);
  Network network = MakeNetwork(options.network);
  network->to(device);
  const std::string found = UsePrecision(network, options.precision, options.frames, options.size);
  const at::Tensor clips =
      at::randn({options.batch, 3, options.frames, options.size, options.size}, device);
  const at::Tensor labels = at::arange(options.batch, device) % options.network.num_classes;
  Optimizer optimizer(*network, SgdOptions());
  network->train();
  ToolResult result;
  result.json["train_clips_per_s"] = ClipsPerSecond(options, [&] {
    for (at::Tensor& parameter : network->parameters()) {
      parameter.mutable_grad() = at::Tensor();
    }
    const at::Tensor loss = at::cross_entropy_loss(network(clips), labels);
    loss.backward();
    optimizer.Step(0.01);
    return loss.detach();
  });
  network->eval();
  network->AbsorbBatchNorms();
  const at::NoGradGuard no_gradient;
  result.json["score_clips_per_s"] = ClipsPerSecond(options, [&] { return network(clips); });
  result.text = fmt::format("{} {}: trains on {:.1f}, scores {:.1f} clips/s\n{}\n",
                            Describe(options.network), NameOf(options.precision.precision),
                            result.json["train_clips_per_s"].get<double>(),
                            result.json["score_clips_per_s"].get<double>(), found);
  return result;
}

}  // namespace
}  // namespace reel3d::bench

int main(int argc, char** argv) {
  reel3d::bench::TimeNetworksOptions options;
  const reel3d::ToolInfo info = {"time-networks",
                                 "Times a network on clips that are in memory already.",
                                 "A training step is forward, backward and SGD."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    reel3d::ToolResult result;
    reel3d::WithTorchErrors([&] { result = reel3d::bench::TimeNetworks(options); });
    return result;
  });
}
