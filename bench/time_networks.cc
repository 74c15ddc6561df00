// time-networks measures how many clips per second a network trains on and scores, with clips in
// memory. bench/networks.py runs it beside Python's torch; run by hand, it measures only ours.
// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <functional>

#include "bench/layer_times.h"
#include "bench/step_trace.h"
#include "lib/base/brief_waits.h"
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
  bool by_layer = false;
  std::string trace;  // prefix of two files; empty: none

  void Bind(OptionBinder& binder) {
    network.Bind(binder);
    precision.Bind(binder);
    binder.Choice("device", &device, "where to compute");
    binder.Bind("frames", &frames, {1, 1024}, "of a clip");
    binder.Bind("sample-size", &size, {1, 4096}, "pixels of a clip's side");
    binder.Bind("batch", &batch, {1, 100'000}, "clips of a step");
    binder.Bind("steps", &steps, {1, 100'000}, "that are timed, after two that are not");
    binder.Bind("threads", &threads, {1, 1024}, "of the processor");
    binder.Bind("by-layer", &by_layer,
                "print the time of each layer, forward and backward, beside the least time that "
                "the machine's arithmetic and memory allow");
    binder.Bind(
        "trace", &trace,
        "prefix of two files, -train.json and -score.json, for the operators and GPU kernels "
        "of a step; chrome://tracing shows them");
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

// Returns the table of layers, and adds it to `json`.
std::string TimeByLayer(const TimeNetworksOptions& options, Network& network,
                        const at::Tensor& clips, const at::Tensor& labels,
                        nlohmann::ordered_json& json) {
  const bool bf16 = options.precision.precision == Precision::kBf16;
  const MachinePeaks peaks = MeasurePeaks(clips.device(), bf16 ? at::kBFloat16 : at::kFloat);
  const std::vector<LayerTime> layers = TimeLayers(network, clips, labels, options.steps);
  json["peak_flop_per_s"] = peaks.flop_per_s;
  json["peak_bytes_per_s"] = peaks.bytes_per_s;
  for (const LayerTime& layer : layers) {
    json["layers"].push_back({{"name", layer.name},
                              {"kind", layer.kind},
                              {"output", layer.output},
                              {"count", layer.count},
                              {"flop", layer.flop},
                              {"bytes", layer.bytes},
                              {"forward_s", layer.forward_s},
                              {"backward_s", layer.backward_s}});
  }
  return FormatLayerTimes(layers, peaks, options.batch);
}

ToolResult TimeNetworks(const TimeNetworksOptions& options) {
  KeepFreedMemory();
  at::set_num_threads(options.threads);
  const at::Device device = ChooseDevice(options.device);
  ChooseKernels(/*deterministic=*/false);
  Network network = MakeNetwork(options.network);
  network->to(device);
  const std::string found =
      UsePrecision(network, options.precision, {options.frames, options.size, {options.batch}});
  const at::Tensor clips =
      at::randn({options.batch, 3, options.frames, options.size, options.size}, device);
  const at::Tensor labels = at::arange(options.batch, device) % options.network.num_classes;
  Optimizer optimizer(*network, SgdOptions());
  network->train();
  const auto write_trace = [&](const std::string& end, const std::function<void()>& step) {
    if (!options.trace.empty()) {
      WriteTrace(options.trace + end, device.is_cuda(), step);
    }
  };
  const auto train = [&] {
    for (at::Tensor& parameter : network->parameters()) {
      parameter.mutable_grad() = at::Tensor();
    }
    const at::Tensor loss = at::cross_entropy_loss(network(clips), labels);
    loss.backward();
    optimizer.Step(0.01);
    return loss.detach();
  };
  ToolResult result;
  result.json["train_clips_per_s"] = ClipsPerSecond(options, train);
  write_trace("-train.json", [&] { train().item<float>(); });
  std::string table;
  if (options.by_layer) {
    table = TimeByLayer(options, network, clips, labels, result.json);
  }
  network->eval();
  network->AbsorbBatchNorms();
  const at::NoGradGuard no_gradient;
  const auto score = [&] { return network(clips); };
  result.json["score_clips_per_s"] = ClipsPerSecond(options, score);
  write_trace("-score.json", [&] { score().sum().item<float>(); });
  result.text = fmt::format("{} {}: trains on {:.1f}, scores {:.1f} clips/s\n{}\n{}",
                            Describe(options.network), NameOf(options.precision.precision),
                            result.json["train_clips_per_s"].get<double>(),
                            result.json["score_clips_per_s"].get<double>(), found, table);
  return result;
}

// This runs before the initialisers of libraries.
[[gnu::section(".preinit_array"),
  gnu::used]] void (*const kBeginEarly)(int, char**, char**) = reel3d::WaitBriefly;

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
