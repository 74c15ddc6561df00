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
#include <optional>
#include <set>
#include <utility>

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

// Makes cuDNN compute in true float32 for the object's lifetime, without trying its kernels first,
// which would take long for shapes that are computed once.
class ExactKernels {
 public:
  ExactKernels() {
    context_.setBenchmarkCuDNN(false);
    context_.setAllowTF32CuDNN(false);
  }
  ~ExactKernels() {
    context_.setBenchmarkCuDNN(had_benchmark_);
    context_.setAllowTF32CuDNN(had_tf32_);
  }
  ExactKernels(const ExactKernels&) = delete;
  ExactKernels& operator=(const ExactKernels&) = delete;

 private:
  at::Context& context_ = at::globalContext();
  bool had_benchmark_ = context_.benchmarkCuDNN();
  bool had_tf32_ = context_.allowTF32CuDNN();
};

// Returns the largest error of some trials with `num_clips` clips, or with fewer if the device has
// no memory for as many.
double WorstError(const ConvolutionImpl& convolution, int64_t num_clips,
                  const ConvolutionWay& way) {
  std::vector<int64_t> sizes = convolution.input_sizes();
  for (sizes[0] = num_clips;; sizes[0] = std::max(kTrialClips, sizes[0] / 2)) {
    try {
      double error = 0;
      for (int trial = 0; trial < kTrials; ++trial) {
        error = std::max(error, CompareWithFloat32(convolution, sizes, way).Worst());
      }
      return error;
    } catch (const c10::OutOfMemoryError&) {
      if (sizes[0] <= kTrialClips) {
        throw;
      }
    } catch (const c10::AcceleratorError&) {
      throw;  // the GPU itself has failed
    } catch (const c10::Error&) {
      return std::numeric_limits<double>::infinity();  // the library has no such kernel
    }
  }
}

bool HasInstructions(const char* name) {
  const auto capabilities = at::cpu::get_cpu_capabilities();
  const auto found = capabilities.find(name);
  return found != capabilities.end() && found->second.toBool();
}

// Returns whether folded convolutions are faster: on GPUs, and in bfloat16 on processors with AMX.
// Elsewhere oneDNN takes longer for them. Nothing is timed, so that runs on one processor have the
// same bits.
bool FoldingPays(at::Device device, Precision precision) {
  return device.is_cuda() || (precision == Precision::kBf16 && HasInstructions("amx_bf16"));
}

// Returns the ways in which a convolution may compute, from the fastest to the safest.
std::vector<ConvolutionWay> WaysOf(const ConvolutionImpl& convolution,
                                   const PrecisionOptions& options) {
  const bool bf16 = options.precision == Precision::kBf16;
  const Arithmetic fastest = bf16 ? Arithmetic::kBfloat16 : Arithmetic::kOfWeights;
  std::vector<ConvolutionWay> ways;
  if (options.stem == Stem::kAuto && convolution.CanFold() &&
      FoldingPays(convolution.weight.device(), options.precision)) {
    ways.push_back({fastest, /*folded=*/true});
  }
  ways.push_back({fastest});
  if (bf16) {
    ways.push_back({Arithmetic::kLongerBfloat16});
    ways.push_back({Arithmetic::kFloat32});
  }
  return ways;
}

struct Choice {
  std::optional<ConvolutionWay> way;  // nothing: TF32 is wrong
  double error = 0;                   // of the fastest way; 0 if not tried
  bool is_fastest = true;
};

Choice Choose(const ConvolutionImpl& convolution, const PrecisionOptions& options,
              const std::set<int64_t>& trial_sizes, const RankAgreement& agree) {
  const std::vector<ConvolutionWay> ways = WaysOf(convolution, options);
  // The last choice is not tried: no other would be left.
  const size_t last = ways.size() - (options.precision == Precision::kTf32 ? 0 : 1);
  const bool has_kernels =
      options.precision != Precision::kBf16 || CanConvolveInBfloat16(convolution.weight.device());
  Choice choice;
  size_t number = has_kernels ? 0 : last;
  for (; number < last; ++number) {
    double error = 0;
    for (const int64_t num_clips : trial_sizes) {
      error = std::max(error, WorstError(convolution, num_clips, ways[number]));
    }
    choice.error = number == 0 ? error : choice.error;
    if (error <= kTolerance) {
      break;
    }
  }
  // The number of a way is the same on ranks that fold and on ranks that do not.
  const int64_t as_written = ways.front().folded ? 1 : 0;
  number = static_cast<size_t>(agree(static_cast<int64_t>(number) - as_written) + as_written);
  choice.is_fastest = number == 0;
  if (number < ways.size()) {
    choice.way = ways[number];
  }
  return choice;
}

// Runs the network once, so that every convolution records the sizes of its input.
void RunOnce(Network& network, const StepClips& clips, at::Device device) {
  const at::NoGradGuard no_gradient;
  const ExactKernels exact;
  const bool was_training = network->is_training();
  network->eval();  // keeps batch norm's statistics unchanged
  network->forward(at::zeros({kTrialClips, 3, clips.frames, clips.size, clips.size}, device));
  network->train(was_training);
}

std::string InsteadOf(const Choice& choice) {
  if (!choice.way) {
    return "float32 for all convolutions";
  }
  switch (choice.way->arithmetic) {
    case Arithmetic::kFloat32:
      return "float32";
    case Arithmetic::kLongerBfloat16:
      return "one more frame";
    default:
      return "as written";
  }
}

struct Findings {
  size_t num_shapes = 0;                // of convolutions
  std::vector<std::string> exceptions;  // in words: shapes that do not compute in the fastest way
  int64_t num_folded = 0;               // convolutions
  bool tf32_is_wrong = false;           // for at least one of them
};

// Chooses a way for each convolution, and makes it compute in that way.
Findings ChooseWays(Network& network, const PrecisionOptions& options, const StepClips& clips,
                    at::Device device, const RankAgreement& agree) {
  RunOnce(network, clips, device);
  const std::set<int64_t> trial_sizes = TrialSizes(clips, device);
  std::map<std::string, Choice> choices;
  Findings findings;
  for (ConvolutionImpl* convolution : ConvolutionsOf(*network)) {
    const std::string kernels = KernelsOf(*convolution);
    auto found = choices.find(kernels);
    if (found == choices.end()) {
      const Choice choice = Choose(*convolution, options, trial_sizes, agree);
      found = choices.emplace(kernels, choice).first;
      if (!choice.is_fastest) {
        findings.exceptions.push_back(fmt::format(
            "{} (off by {:.2g}{}): {}", kernels, choice.error,
            choice.error <= kTolerance ? ", worse on another rank" : "", InsteadOf(choice)));
      }
    }
    const ConvolutionWay way = found->second.way.value_or(ConvolutionWay());
    findings.tf32_is_wrong = findings.tf32_is_wrong || !found->second.way;
    findings.num_folded += way.folded ? 1 : 0;
    convolution->Use(way);
  }
  findings.num_shapes = choices.size();
  return findings;
}

std::string Describe(const Findings& findings, const PrecisionOptions& options, at::Device device) {
  std::string text;
  if (options.precision == Precision::kBf16 && !CanConvolveInBfloat16(device)) {
    return "bf16: this processor has no bfloat16 convolutions; they run in float32 and only the "
           "values between layers are rounded; --precision float32 is as fast";
  }
  if (options.precision != Precision::kFloat32 || !findings.exceptions.empty()) {
    text = fmt::format("{}: {} shapes of convolutions compared with float32, {}{}",
                       NameOf(options.precision), findings.num_shapes,
                       findings.exceptions.empty() ? "all right" : "wrong here ",
                       fmt::join(findings.exceptions, "; "));
  }
  if (findings.num_folded > 0) {
    text += fmt::format(
        "{}pixels and frames of the first convolution are channels (--stem as-written: they are "
        "not)",
        text.empty() ? "" : "; ");
  }
  if (options.precision == Precision::kBf16 && device.is_cpu() && !HasInstructions("avx512_bf16")) {
    text += "; this processor has no instructions for it, float32 may be faster";
  }
  return text;
}

}  // namespace

std::set<int64_t> TrialSizes(const StepClips& clips, at::Device device) {
  if (device.is_cpu() || clips.batch_sizes.empty()) {
    return {kTrialClips};
  }
  return clips.batch_sizes;
}

void PrecisionOptions::Bind(OptionBinder& binder) {
  binder.Choice("precision", &precision, "precision of convolutions");
  binder.Choice("stem", &stem, "how convolutions over the channels of a clip compute",
                Effect::kRunOnly);
}

double ArithmeticErrors::Worst() const {
  return std::max({output, input_gradient, weight_gradient});
}

ArithmeticErrors CompareWithFloat32(const ConvolutionImpl& convolution,
                                    const std::vector<int64_t>& input_sizes,
                                    const ConvolutionWay& way) {
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
  const auto draw_clips = [&](at::IntArrayRef sizes) {
    std::vector<int64_t> some = sizes.vec();
    some[0] = std::min(some[0], kTrialClips);
    const int64_t times = (sizes[0] + some[0] - 1) / some[0];
    return draw(some)
        .repeat({times, 1, 1, 1, 1})
        .narrow(0, 0, sizes[0])
        .contiguous(at::MemoryFormat::ChannelsLast3d);
  };
  const at::Tensor input = draw_clips(input_sizes);
  const at::Tensor weights = draw(weight.sizes());
  at::Tensor output_gradient;
  const auto run = [&](const ConvolutionWay& which) -> std::array<at::Tensor, 3> {
    const at::Tensor own_input = input.clone().requires_grad_();
    const at::Tensor own_weights = weights.clone().requires_grad_();
    const at::Tensor output = convolution.Convolve(own_input, own_weights, at::Tensor(), which);
    if (!output_gradient.defined()) {
      output_gradient = draw_clips(output.sizes());
    }
    DirtyFreedMemory(weights);
    DirtyFreedMemory(input);
    output.backward(output_gradient.to(output.scalar_type()));
    return {output.detach(), own_input.grad(), own_weights.grad()};
  };
  const auto exact = [&] {
    const ExactKernels kernels;
    ConvolutionWay as_written;
    as_written.every_tap = true;
    return run(as_written);
  }();
  const auto values = run(way);
  return {RelativeError(values[0], exact[0]), RelativeError(values[1], exact[1]),
          RelativeError(values[2], exact[2])};
}

std::string UsePrecision(Network& network, const PrecisionOptions& options, const StepClips& clips,
                         const RankAgreement& agree) {
  const at::Device device = network->parameters().front().device();
  const bool tf32 = options.precision == Precision::kTf32;
  if (tf32 && !device.is_cuda()) {
    throw UsageError("--precision tf32 is a way of NVIDIA GPUs: here there is float32 and bf16");
  }
  for (ConvolutionImpl* convolution : ConvolutionsOf(*network)) {
    convolution->Use({});
  }
  at::globalContext().setAllowTF32CuDNN(tf32);
  at::globalContext().setAllowTF32CuBLAS(tf32);
  const bool as_written = device.is_cpu() || options.stem == Stem::kAsWritten;
  if (options.precision == Precision::kFloat32 && as_written) {
    return "";
  }
  const Findings findings = ChooseWays(network, options, clips, device, agree);
  if (findings.tf32_is_wrong) {
    at::globalContext().setAllowTF32CuDNN(false);
  }
  return Describe(findings, options, device);
}

void UsePrecisionOf(const Network& other, Network& network) {
  const std::vector<ConvolutionImpl*> theirs = ConvolutionsOf(*other);
  const std::vector<ConvolutionImpl*> ours = ConvolutionsOf(*network);
  REEL3D_CHECK(theirs.size() == ours.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    ours[i]->Use(theirs[i]->way());
  }
}

}  // namespace reel3d
