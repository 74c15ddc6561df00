// SPDX-License-Identifier: Apache-2.0
#include "bench/layer_times.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "lib/base/timer.h"
#include "lib/model/layer_watch.h"

namespace reel3d::bench {
namespace {

void WaitFor(at::Device device) {
  if (!device.is_cpu()) {
    c10::impl::VirtualGuardImpl(device.type()).getStream(device).synchronize();
  }
}

double MedianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

double BytesOf(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<double>(tensor.nbytes()) : 0;
}

double FlopOf(const LayerCall& call) {
  if (call.kind != "convolution" && call.kind != "linear") {
    return 0;
  }
  const auto products_of_output =
      static_cast<double>(call.weight.numel()) /
      static_cast<double>(call.kind == "linear" ? call.output.size(1) : call.weight.size(0));
  return 2 * products_of_output * static_cast<double>(call.output.numel());
}

// Times one step. Layers are numbered in the order of the forward pass.
class StepTimer {
 public:
  StepTimer(Network& network, at::Device device) : network_(network), device_(device) {}

  void Run(const at::Tensor& clips, const at::Tensor& labels) {
    at::Tensor loss;
    {
      const LayerWatch watch(*network_, [this](const LayerCall& call) { EndForward(call); });
      Restart();
      loss = at::cross_entropy_loss(network_->forward(clips), labels);
    }
    Restart();
    loss.backward();
    EndBackward(0);
    network_->zero_grad();
  }

  std::vector<LayerTime> layers;          // as they are after a step; times are 0
  std::vector<double> forward, backward;  // seconds of each layer

 private:
  void Restart() {
    WaitFor(device_);
    clock_ = Stopwatch();
  }

  double Lap() {
    WaitFor(device_);
    const double seconds = clock_.Seconds();
    clock_ = Stopwatch();
    return seconds;
  }

  void EndForward(const LayerCall& call) {
    forward.push_back(Lap());
    backward.push_back(0);
    const size_t number = layers.size();
    LayerTime layer;
    layer.name = call.layer;
    layer.kind = call.kind;
    layer.output.assign(call.output.sizes().begin() + 1, call.output.sizes().end());
    layer.count = 1;
    layer.flop = FlopOf(call);
    layer.bytes = BytesOf(call.input) + BytesOf(call.weight) + BytesOf(call.output);
    layers.push_back(layer);
    if (call.output.requires_grad()) {
      // The gradient of the output is complete: all layers behind have ended.
      call.output.register_hook(
          [this, number](const at::Tensor& /*gradient*/) { EndBackward(number + 1); });
    }
    Restart();
  }

  // Ends the layers from number `first` on.
  void EndBackward(size_t first) {
    const double seconds = Lap();
    if (last_ < layers.size()) {
      backward[last_] += seconds;
    }
    last_ = first == 0 ? layers.size() : first - 1;
    Restart();
  }

  Network& network_;
  at::Device device_;
  Stopwatch clock_;
  size_t last_ = static_cast<size_t>(-1);  // the layer that computes gradients now, if any
};

std::string KeyOf(const LayerTime& layer) {
  return fmt::format("{} {} {} {}", layer.kind, fmt::join(layer.output, "x"), layer.flop,
                     layer.bytes);
}

double SecondsOf(int64_t runs, at::Device device, const std::function<void()>& work) {
  work();
  WaitFor(device);
  const Stopwatch clock;
  for (int64_t i = 0; i < runs; ++i) {
    work();
  }
  WaitFor(device);
  return clock.Seconds() / static_cast<double>(runs);
}

std::string Percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

}  // namespace

std::vector<LayerTime> TimeLayers(Network& network, const at::Tensor& clips,
                                  const at::Tensor& labels, int steps) {
  std::vector<StepTimer> runs;
  for (int step = 0; step < steps + 2; ++step) {
    auto timer = std::make_unique<StepTimer>(network, clips.device());
    timer->Run(clips, labels);
    if (step >= 2) {  // the first ones choose kernels
      runs.push_back(std::move(*timer));
    }
  }
  std::vector<LayerTime> rows;
  std::map<std::string, size_t> row_of;
  for (size_t layer = 0; layer < runs.front().layers.size(); ++layer) {
    const LayerTime& one = runs.front().layers[layer];
    const auto [found, is_new] = row_of.emplace(KeyOf(one), rows.size());
    if (is_new) {
      rows.push_back(one);
      rows.back().count = 0;
      rows.back().flop = rows.back().bytes = 0;
    }
    LayerTime& row = rows[found->second];
    std::vector<double> forward, backward;
    for (const StepTimer& run : runs) {
      forward.push_back(run.forward[layer]);
      backward.push_back(run.backward[layer]);
    }
    row.count += 1;
    row.flop += one.flop;
    row.bytes += one.bytes;
    row.forward_s += MedianOf(forward);
    row.backward_s += MedianOf(backward);
  }
  return rows;
}

MachinePeaks MeasurePeaks(at::Device device, at::ScalarType type) {
  const at::NoGradGuard no_gradient;
  const int64_t side = device.is_cpu() ? 2048 : 8192;
  const int64_t values = device.is_cpu() ? 1 << 26 : 1 << 30;
  constexpr int64_t kRuns = 5;
  const auto options = at::TensorOptions(device).dtype(type);
  const at::Tensor factor = at::randn({side, side}, options);
  at::Tensor product = at::empty({side, side}, options);
  MachinePeaks peaks;
  const auto cube =
      static_cast<double>(side) * static_cast<double>(side) * static_cast<double>(side);
  peaks.flop_per_s =
      2 * cube / SecondsOf(kRuns, device, [&] { at::mm_out(product, factor, factor); });
  const at::Tensor from = at::zeros({values}, options);
  at::Tensor to = at::empty({values}, options);
  peaks.bytes_per_s = 2 * BytesOf(from) / SecondsOf(kRuns, device, [&] { to.copy_(from); });
  return peaks;
}

std::string FormatLayerTimes(const std::vector<LayerTime>& layers, const MachinePeaks& peaks,
                             int64_t num_clips) {
  const double scale = 1e6 / static_cast<double>(num_clips);
  double forward = 0;
  double backward = 0;
  for (const LayerTime& layer : layers) {
    forward += layer.forward_s;
    backward += layer.backward_s;
  }
  std::string text = fmt::format(
      "peaks here: {:.1f} TFLOP/s (product of matrices), {:.0f} GB/s (copy)\n"
      "{:<24} {:<12} {:>18} {:>9} {:>9}  {:>11} {:>7} {:>7}  {:>11} {:>7} {:>7}\n",
      peaks.flop_per_s / 1e12, peaks.bytes_per_s / 1e9, "layer", "kind", "output", "GFLOP/clip",
      "MB/clip", "fwd us/clip", "share", "of peak", "bwd us/clip", "share", "of peak");
  for (const LayerTime& layer : layers) {
    const std::string name =
        layer.count > 1 ? fmt::format("{} +{}", layer.name, layer.count - 1) : layer.name;
    // The peak is that of arithmetic or of memory, whichever takes longer.
    const double least = std::max(layer.flop / peaks.flop_per_s, layer.bytes / peaks.bytes_per_s);
    text += fmt::format(
        "{:<24} {:<12} {:>18} {:>9.2f} {:>9.2f}  {:>11.1f} {:>7} {:>7}  {:>11.1f} {:>7} {:>7}\n",
        name, layer.kind, fmt::format("{}", fmt::join(layer.output, "x")),
        layer.flop / 1e9 / static_cast<double>(num_clips),
        layer.bytes / 1e6 / static_cast<double>(num_clips), layer.forward_s * scale,
        Percent(layer.forward_s / forward), Percent(least / layer.forward_s),
        layer.backward_s * scale, Percent(layer.backward_s / backward),
        Percent(2 * least / layer.backward_s));
  }
  text += fmt::format("{:<24} {:<12} {:>18} {:>9} {:>9}  {:>11.1f} {:>7} {:>7}  {:>11.1f}\n", "all",
                      "", "", "", "", forward * scale, "", "", backward * scale);
  return text;
}

}  // namespace reel3d::bench
