// time-batch-norm measures how exact and how fast our batch norm is in training on a CPU. Our
// kernels and torch's take turns on the same values. docs/explanation/networks.md has the results.
// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

#include "lib/base/timer.h"
#include "lib/cli/tool.h"
#include "lib/dist/torch_errors.h"
#include "lib/model/batch_norm.h"
#include "lib/model/freed_memory.h"

namespace reel3d::bench {
namespace {

struct TimeBatchNormOptions {
  int clips = 8;
  int most_clips = 384;
  int rounds = 15;
  int threads = 2;

  void Bind(OptionBinder& binder) {
    binder.Bind("clips", &clips, {1, 10'000}, "of a step that is timed");
    binder.Bind("most-clips", &most_clips, {1, 10'000}, "of the table of errors; 384 need 4 GB");
    binder.Bind("rounds", &rounds, {1, 10'000}, "in which the two take turns; medians are printed");
    binder.Bind("threads", &threads, {1, 1024}, "of the processor");
  }
  void Check() const {}
};

at::Tensor Draw(const std::vector<int64_t>& sizes, double mean) {
  return (at::randn(sizes) + mean).contiguous(at::MemoryFormat::ChannelsLast3d);
}

struct Layer {
  explicit Layer(int64_t channels)
      : ours(channels, BatchNormOptions{1e-5, 1}), weight(at::ones({channels})) {
    ours->train();
    mean = at::zeros_like(weight);
    variance = at::ones_like(weight);
    weight.requires_grad_();
    bias = at::zeros({channels}).requires_grad_();
  }

  at::Tensor Torch(const at::Tensor& input) {
    return at::batch_norm(input, weight, bias, mean, variance, /*training=*/true, /*momentum=*/1,
                          1e-5, /*cudnn_enabled=*/false);
  }
  at::Tensor OfOurs(const char* buffer) { return ours->named_buffers()[buffer]; }

  BatchNorm ours;
  at::Tensor weight, bias, mean, variance;  // of torch's layer
};

double Off(const at::Tensor& found, const at::Tensor& exact) {
  return (found.to(at::kDouble) / exact - 1).abs().max().item<double>();
}

// Measures errors on values like the output of a first convolution: 16 x 56 x 56 a clip, four
// channels.
std::string Errors(const TimeBatchNormOptions& options) {
  std::string text =
      "clips  values a channel  variance off by: torch, ours  gradient of the scale: torch, ours\n";
  for (const int64_t clips : {1, 8, 32, 128, 384}) {
    if (clips > options.most_clips) {
      break;
    }
    torch::manual_seed(1);
    const at::Tensor input = Draw({clips, 4, 16, 56, 56}, 0.3);
    const at::Tensor gradient = Draw(input.sizes().vec(), 0.1) * 0.1 + 0.02 * input;
    Layer layer(4);
    layer.Torch(input).backward(gradient);
    layer.ours->forward(input).backward(gradient);
    std::vector<double> exact_variance;
    std::vector<double> exact_gradient;
    for (int64_t channel = 0; channel < 4; ++channel) {  // one at a time, to save memory
      const at::Tensor values = input.select(1, channel).flatten().to(at::kDouble);
      exact_variance.push_back(values.var().item<double>());
      const double inverse = 1 / std::sqrt(values.var(/*unbiased=*/false).item<double>() + 1e-5);
      const at::Tensor normal = (values - values.mean()) * inverse;
      const at::Tensor of_output = gradient.select(1, channel).flatten().to(at::kDouble);
      exact_gradient.push_back((normal * of_output).sum().item<double>());
    }
    const at::Tensor variance = at::tensor(exact_variance);
    const at::Tensor scale = at::tensor(exact_gradient);
    text += fmt::format("{:5}  {:16}  {:.1e}, {:.1e}  {:.1e}, {:.1e}\n", clips, input.numel() / 4,
                        Off(layer.variance, variance), Off(layer.OfOurs("running_var"), variance),
                        Off(layer.weight.grad(), scale),
                        Off(layer.ours->named_parameters()["weight"].grad(), scale));
  }
  return text;
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<int64_t>(values.size()) / 2,
                   values.end());
  return values[values.size() / 2];
}

// Measures the milliseconds of forward and backward together.
std::string Times(const TimeBatchNormOptions& options) {
  std::string text = "R3D-18's layers, channels x T x H x W: torch, ours in ms; ratio\n";
  constexpr std::array<std::array<int64_t, 4>, 5> kShapes = {
      {{64, 16, 56, 56}, {64, 8, 28, 28}, {128, 4, 14, 14}, {256, 2, 7, 7}, {512, 1, 4, 4}}};
  for (const auto& [channels, frames, height, width] : kShapes) {
    Layer layer(channels);
    const at::Tensor input =
        Draw({options.clips, channels, frames, height, width}, 0.3).requires_grad_();
    const at::Tensor gradient = Draw(input.sizes().vec(), 0.1);
    const auto time = [&](const std::function<at::Tensor()>& forward) {
      input.mutable_grad() = at::Tensor();
      const Stopwatch clock;
      forward().backward(gradient);
      return clock.Seconds() * 1e3;
    };
    std::vector<double> of_torch;
    std::vector<double> of_ours;
    for (int round = 0; round <= options.rounds; ++round) {
      const double torch_ms = time([&] { return layer.Torch(input); });
      const double our_ms = time([&] { return layer.ours->forward(input); });
      if (round > 0) {
        of_torch.push_back(torch_ms);
        of_ours.push_back(our_ms);
      }
    }
    text +=
        fmt::format("{} x {} x {} x {}: {:.2f}, {:.2f}; {:.2f}\n", channels, frames, height, width,
                    Median(of_torch), Median(of_ours), Median(of_torch) / Median(of_ours));
  }
  return text;
}

}  // namespace
}  // namespace reel3d::bench

int main(int argc, char** argv) {
  reel3d::bench::TimeBatchNormOptions options;
  const reel3d::ToolInfo info = {"time-batch-norm",
                                 "Compares batch norm in training on a CPU with torch's own.",
                                 "Errors are relative to float64, the worst of four channels."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    reel3d::ToolResult result;
    reel3d::WithTorchErrors([&] {
      reel3d::KeepFreedMemory();
      at::set_num_threads(options.threads);
      result.text = reel3d::bench::Errors(options) + reel3d::bench::Times(options);
    });
    return result;
  });
}
