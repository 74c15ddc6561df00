// SPDX-License-Identifier: Apache-2.0
#include "lib/model/conv_unit.h"

#include <torch/types.h>

#include <algorithm>
#include <array>
#include <vector>

#include "lib/model/bias_gradient.h"
#include "lib/model/channel_rows.h"
#include "lib/model/idle_taps.h"
#include "lib/model/layer_watch.h"

namespace reel3d {
namespace {

namespace nn = torch::nn;

Triple HalfOf(const Triple& kernel) {
  return {{(*kernel)[0] / 2, (*kernel)[1] / 2, (*kernel)[2] / 2}};
}

// Adds the odd zeros of Padding::kSame at the end of the axes of `input`. Returns the remaining
// padding, which is the same on both sides.
Triple PadOdd(at::Tensor& input, const Triple& kernel, const Triple& stride) {
  Triple front = 0;
  std::vector<int64_t> odd(6, 0);  // of W, H and T, before and behind
  for (size_t axis = 0; axis < 3; ++axis) {
    const SamePadding padding =
        SamePaddingOf(input.size(static_cast<int64_t>(axis) + 2), (*kernel)[axis], (*stride)[axis]);
    (*front)[axis] = padding.front;
    odd[2 * (2 - axis) + 1] = padding.back - padding.front;
  }
  if (std::any_of(odd.begin(), odd.end(), [](int64_t zeros) { return zeros != 0; })) {
    input = at::constant_pad_nd(input, odd);
  }
  return front;
}

constexpr size_t kNoAxis = 3;

// Returns the values of the axes `rows` and `columns` (0: T, 1: H, 2: W). The second value is
// `along_none` if `columns` is kNoAxis.
std::array<int64_t, 2> Pair(const Triple& values, size_t rows, size_t columns, int64_t along_none) {
  return {(*values)[rows], columns == kNoAxis ? along_none : (*values)[columns]};
}

// Pools over H and W, then over T. On CUDA, 3D pooling adds gradients in any order, but 2D pooling
// in a fixed one. `pool` takes planes (N, planes, rows, columns), and the indices of the axes (of
// T, H and W) that are rows and columns.
template <typename Pool>
at::Tensor PoolSpaceThenTime(const at::Tensor& features, const Pool& pool) {
  const at::Tensor in_space = pool(features.flatten(1, 2), 1, 2);
  const at::Tensor frames_by_place = in_space.unflatten(1, {-1, features.size(2)}).flatten(3);
  return pool(frames_by_place, 0, kNoAxis).unflatten(3, {in_space.size(2), -1});
}

}  // namespace

ConvolutionImpl::ConvolutionImpl(const ConvolutionOptions& options)
    : Conv3dImpl(nn::Conv3dOptions(options.in, options.out, options.kernel)
                     .stride(options.stride)
                     .padding(HalfOf(options.kernel))
                     .groups(options.groups)
                     .bias(options.bias)),
      padding_(options.padding) {}

at::Tensor ConvolutionImpl::forward(const at::Tensor& input) {
  input_sizes_ = input.sizes().vec();
  at::Tensor output = Convolve(input, weight, bias, way_);
  LayerWatch::NoteConvolution(input, weight, output);
  return output;
}

at::Tensor ConvolutionImpl::Convolve(at::Tensor input, at::Tensor with_weight, at::Tensor with_bias,
                                     const ConvolutionWay& way) const {
  const Arithmetic arithmetic = way.arithmetic;
  if (arithmetic != Arithmetic::kOfWeights) {
    const auto type = arithmetic == Arithmetic::kFloat32 ? at::kFloat : at::kBFloat16;
    input = input.to(type);
    with_bias = with_bias.defined() ? with_bias.to(type) : with_bias;
  }
  Triple padding = HalfOf(options.kernel_size());
  if (padding_ == Padding::kSame) {
    padding = PadOdd(input, options.kernel_size(), options.stride());
  }
  // cuDNN does not reorder weights, so a GPU would save nothing.
  const bool may_drop = input.is_cpu() && !way.folded && !way.every_tap;
  if (may_drop && arithmetic != Arithmetic::kLongerBfloat16) {
    DropIdleTaps(input, options.stride(), with_weight, padding);
  }
  if (arithmetic != Arithmetic::kOfWeights) {
    with_weight = with_weight.to(input.scalar_type());
  }
  const auto convolve = [&] {
    if (way.folded) {
      return FoldedConvolution(input, with_weight, with_bias, options.stride(), padding);
    }
    return at::conv3d(input, with_weight, with_bias, options.stride(), padding, 1,
                      options.groups());
  };
  if (arithmetic != Arithmetic::kLongerBfloat16) {
    const bool sums_bias = arithmetic == Arithmetic::kOfWeights && at::GradMode::is_enabled() &&
                           with_bias.defined() && with_bias.requires_grad() &&
                           HasKernelsFor(input, with_bias);
    if (sums_bias) {
      const at::Tensor learning_bias = with_bias;
      with_bias = with_bias.detach();
      return WithBiasGradient(convolve(), learning_bias);
    }
    const at::Tensor output = convolve();
    return arithmetic == Arithmetic::kFloat32 ? output.to(at::kBFloat16) : output;
  }
  const int64_t frames =
      (input.size(2) + 2 * (*padding)[0] - weight.size(2)) / (*options.stride())[0] + 1;
  input = at::constant_pad_nd(input, {0, 0, 0, 0, 0, 1});
  return convolve().narrow(2, 0, frames);
}

bool ConvolutionImpl::CanFold() const {
  const Triple& stride = options.stride();
  return options.in_channels() <= kMostFoldedChannels && options.groups() == 1 &&
         (*stride)[1] == (*stride)[2];
}

void ConvolutionImpl::AbsorbBatchNorm() {
  if (batch_norm_.is_empty()) {
    return;
  }
  const at::NoGradGuard no_gradient;
  const auto [scale, shift] = batch_norm_->BeAbsorbed();
  weight.mul_(scale.view({-1, 1, 1, 1, 1}));
  if (bias.defined()) {
    bias.mul_(scale).add_(shift);
  } else {
    bias = shift;
  }
  batch_norm_ = nullptr;
}

std::vector<ConvolutionImpl*> ConvolutionsOf(const nn::Module& network) {
  std::vector<ConvolutionImpl*> convolutions;
  for (const auto& module : network.modules(/*include_self=*/false)) {
    if (auto* convolution = module->as<ConvolutionImpl>()) {
      convolutions.push_back(convolution);
    }
  }
  return convolutions;
}

void UseEveryTap(nn::Module& network) {
  ConvolutionWay way;
  way.every_tap = true;
  for (ConvolutionImpl* convolution : ConvolutionsOf(network)) {
    convolution->Use(way);
  }
}

SamePadding SamePaddingOf(int64_t size, int64_t kernel, int64_t stride) {
  const int64_t outputs = (size + stride - 1) / stride;
  const int64_t zeros = std::max<int64_t>(0, (outputs - 1) * stride + kernel - size);
  return {zeros / 2, zeros - zeros / 2};
}

at::Tensor MaxPool(const at::Tensor& features, const Triple& kernel, const Triple& stride,
                   const Triple& padding) {
  if (!features.is_cuda() || !at::globalContext().deterministicAlgorithms()) {
    return at::max_pool3d(features, kernel, stride, padding);
  }
  // The first of equal values is taken, as in at::max_pool3d.
  return PoolSpaceThenTime(features, [&](const at::Tensor& planes, size_t rows, size_t columns) {
    return at::max_pool2d(planes, Pair(kernel, rows, columns, 1), Pair(stride, rows, columns, 1),
                          Pair(padding, rows, columns, 0));
  });
}

at::Tensor AveragePool(const at::Tensor& features, const Triple& kernel, const Triple& stride) {
  at::Tensor output = PoolSpaceThenTime(features, [&](const at::Tensor& planes, size_t rows,
                                                      size_t columns) {
    return at::avg_pool2d(planes, Pair(kernel, rows, columns, 1), Pair(stride, rows, columns, 1));
  });
  LayerWatch::NoteMeanPool(features, output);
  return output;
}

at::Tensor MaxPoolSame(const at::Tensor& features, const Triple& kernel, const Triple& stride) {
  at::Tensor padded = features;
  const Triple front = PadOdd(padded, kernel, stride);
  return MaxPool(padded, kernel, stride, front);
}

void RegisterAt(nn::Module& root, const std::string& path,
                const std::shared_ptr<nn::Module>& child) {
  const size_t dot = path.find('.');
  if (dot == std::string::npos) {
    root.register_module(path, child);
    return;
  }
  const std::string first = path.substr(0, dot);
  const auto children = root.named_children();
  const auto* const known = children.find(first);
  const std::shared_ptr<nn::Module> between =
      known != nullptr ? *known : root.register_module(first, std::make_shared<nn::Module>());
  RegisterAt(*between, path.substr(dot + 1), child);
}

ConvUnit::ConvUnit(nn::Module& owner, const std::string& convolution_path,
                   const std::string& batch_norm_path, const ConvolutionOptions& options,
                   const BatchNormOptions& batch_norm)
    : convolution_(options), batch_norm_(options.out, batch_norm) {
  RegisterAt(owner, convolution_path, convolution_.ptr());
  RegisterAt(owner, batch_norm_path, batch_norm_.ptr());
  convolution_->PrecedeBatchNorm(batch_norm_);
}

at::Tensor ConvUnit::operator()(const at::Tensor& input) {
  return batch_norm_(convolution_(input));
}

}  // namespace reel3d
