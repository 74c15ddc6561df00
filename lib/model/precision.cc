// SPDX-License-Identifier: Apache-2.0
#include "lib/model/precision.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/cpu/Utils.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// Rounding to bfloat16 alone gives errors of 0.003; a kernel that forgets a part of the sum gives
// 0.1 to 1.
constexpr double kTolerance = 0.02;
// Trials of each shape. Trials may differ, because a wrong kernel's result depends on old memory.
constexpr int kTrials = 2;
constexpr int64_t kTrialClips = 2;

// Fresh memory is often zero, which would hide sums that are not initialised.
void DirtyFreedMemory(const at::Tensor& like) {
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    at::full_like(like, std::numeric_limits<double>::quiet_NaN(),
                  like.options().dtype(type).requires_grad(false));
  }
}

double RelativeError(const at::Tensor& value, const at::Tensor& exact) {
  const double error =
      ((value.to(at::kFloat) - exact).norm() / exact.norm().clamp_min(1e-30)).item<double>();
  return std::isfinite(error) ? error : std::numeric_limits<double>::infinity();
}

// Returns a key that is the same for convolutions that run the same kernels.
std::string KernelsOf(const ConvolutionImpl& convolution) {
  const auto& options = convolution.options;
  return fmt::format(
      "{} x {}, kernel {}{}{}", options.out_channels(),
      fmt::join(convolution.input_sizes().begin() + 1, convolution.input_sizes().end(), " x "),
      fmt::join(*options.kernel_size(), "x"),
      *options.stride() == *Triple(1)
          ? ""
          : fmt::format(", stride {}", fmt::join(*options.stride(), "x")),
      options.groups() == 1 ? "" : fmt::format(", {} groups", options.groups()));
}

// Returns whether the device has bfloat16 kernels. Without them torch loops over single numbers,
// which is hundreds of times slower than float32.
bool CanConvolveInBfloat16(at::Device device) {
  static const bool processor_can = c10::Dispatcher::singleton()
                                        .findSchemaOrThrow("mkldnn::_is_mkldnn_bf16_supported", "")
                                        .typed<bool()>()
                                        .call();
  return !device.is_cpu() || processor_can;
}

struct Choice {
  Arithmetic arithmetic;
  double error;  // of kBfloat16; 0 if not tried
};

// The order is from the fastest to the safest.
constexpr std::array kArithmetics = {Arithmetic::kBfloat16, Arithmetic::kLongerBfloat16,
                                     Arithmetic::kFloat32};

Choice Choose(const ConvolutionImpl& convolution, const Agree& agree) {
  double plain_error = 0;
  const at::Device device = convolution.weight.device();
  size_t choice = CanConvolveInBfloat16(device) ? 0 : kArithmetics.size() - 1;
  for (; choice + 1 < kArithmetics.size(); ++choice) {
    double error = 0;
    for (int trial = 0; trial < kTrials; ++trial) {
      error = std::max(
          error,
          CompareWithFloat32(convolution, convolution.input_sizes(), kArithmetics[choice]).Worst());
    }
    if (choice == 0) {
      plain_error = error;
    }
    if (error <= kTolerance) {
      break;
    }
  }
  return {kArithmetics[static_cast<size_t>(agree(static_cast<int64_t>(choice)))], plain_error};
}

// Runs the network once, so that every convolution records the sizes of its input.
void RunOnce(Network& network, int frames, int size, at::Device device) {
  const at::NoGradGuard no_gradient;
  const bool was_training = network->is_training();
  network->eval();  // keeps batch norm's statistics unchanged
  network->forward(at::zeros({kTrialClips, 3, frames, size, size}, device));
  network->train(was_training);
}

bool HasInstructionsForBfloat16() {
  const auto capabilities = at::cpu::get_cpu_capabilities();
  const auto found = capabilities.find("avx512_bf16");
  return found != capabilities.end() && found->second.toBool();
}

std::string UseBfloat16(Network& network, int frames, int size, at::Device device,
                        const Agree& agree) {
  RunOnce(network, frames, size, device);
  std::map<std::string, Choice> choices;
  std::vector<std::string> exceptions;
  for (ConvolutionImpl* convolution : ConvolutionsOf(*network)) {
    const std::string kernels = KernelsOf(*convolution);
    auto found = choices.find(kernels);
    if (found == choices.end()) {
      found = choices.emplace(kernels, Choose(*convolution, agree)).first;
      if (found->second.arithmetic != Arithmetic::kBfloat16) {
        exceptions.push_back(fmt::format(
            "{} (off by {:.2g}{}): {}", kernels, found->second.error,
            found->second.error <= kTolerance ? ", worse on another rank" : "",
            found->second.arithmetic == Arithmetic::kFloat32 ? "float32" : "one more frame"));
      }
    }
    convolution->Use(found->second.arithmetic);
  }
  if (!CanConvolveInBfloat16(device)) {
    return "bf16: this processor has no bfloat16 convolutions; they run in float32 and only the "
           "values between layers are rounded; --precision float32 is as fast";
  }
  std::string found = fmt::format("bf16: {} shapes of convolutions compared with float32, {}",
                                  choices.size(), exceptions.empty() ? "all right" : "wrong here ");
  found += fmt::format("{}", fmt::join(exceptions, "; "));
  if (device.is_cpu() && !HasInstructionsForBfloat16()) {
    found += "; this processor has no instructions for it, float32 may be faster";
  }
  return found;
}

}  // namespace

void PrecisionOptions::Bind(OptionBinder& binder) {
  binder.Choice("precision", &precision, "precision of convolutions");
}

double ArithmeticErrors::Worst() const {
  return std::max({output, input_gradient, weight_gradient});
}

ArithmeticErrors CompareWithFloat32(const ConvolutionImpl& convolution,
                                    const std::vector<int64_t>& input_sizes,
                                    Arithmetic arithmetic) {
  const at::AutoGradMode with_gradients(true);
  at::Generator generator = at::detail::createCPUGenerator(1);
  const at::Tensor& weight = convolution.weight;
  // Values are rounded beforehand, so that the remaining error is that of the kernels. The memory
  // layout is that of the network, because other layouts have other kernels.
  const auto draw = [&](at::IntArrayRef sizes) {
    return at::randn(sizes, generator, at::kFloat)
        .to(at::kBFloat16)
        .to(at::kFloat)
        .to(weight.device())
        .contiguous(at::MemoryFormat::ChannelsLast3d);
  };
  const at::Tensor input = draw(input_sizes);
  const at::Tensor weights = draw(weight.sizes());
  at::Tensor output_gradient;
  const auto run = [&](Arithmetic which) -> std::array<at::Tensor, 3> {
    const at::Tensor own_input = input.clone().requires_grad_();
    const at::Tensor own_weights = weights.clone().requires_grad_();
    const at::Tensor output = convolution.Convolve(own_input, own_weights, at::Tensor(), which);
    if (!output_gradient.defined()) {
      output_gradient = draw(output.sizes());
    }
    DirtyFreedMemory(weights);
    DirtyFreedMemory(input);
    output.backward(output_gradient.to(output.scalar_type()));
    return {output.detach(), own_input.grad(), own_weights.grad()};
  };
  const auto exact = run(Arithmetic::kOfWeights);
  const auto values = run(arithmetic);
  return {RelativeError(values[0], exact[0]), RelativeError(values[1], exact[1]),
          RelativeError(values[2], exact[2])};
}

std::string UsePrecision(Network& network, const PrecisionOptions& options, int frames, int size,
                         const Agree& agree) {
  const at::Device device = network->parameters().front().device();
  const bool tf32 = options.precision == Precision::kTf32;
  if (tf32 && !device.is_cuda()) {
    throw UsageError("--precision tf32 is a way of NVIDIA GPUs: here there is float32 and bf16");
  }
  for (ConvolutionImpl* convolution : ConvolutionsOf(*network)) {
    convolution->Use(Arithmetic::kOfWeights);
  }
  at::globalContext().setAllowTF32CuDNN(tf32);
  at::globalContext().setAllowTF32CuBLAS(tf32);
  if (options.precision != Precision::kBf16) {
    return tf32 ? "tf32: convolutions and linear layers multiply with 11 significant bits" : "";
  }
  return UseBfloat16(network, frames, size, device, agree);
}

void UsePrecisionOf(const Network& other, Network& network) {
  const std::vector<ConvolutionImpl*> theirs = ConvolutionsOf(*other);
  const std::vector<ConvolutionImpl*> ours = ConvolutionsOf(*network);
  REEL3D_CHECK(theirs.size() == ours.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    ours[i]->Use(theirs[i]->arithmetic());
  }
}

}  // namespace reel3d
