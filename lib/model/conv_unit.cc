// SPDX-License-Identifier: Apache-2.0
#include "lib/model/conv_unit.h"

#include <torch/torch.h>

#include <algorithm>
#include <vector>

namespace reel3d {
namespace {

namespace nn = torch::nn;

Triple HalfOf(const Triple& kernel) {
  return {{(*kernel)[0] / 2, (*kernel)[1] / 2, (*kernel)[2] / 2}};
}

// What remains to be padded on both sides alike, after the odd zero has been put behind `input`.
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

}  // namespace

ConvolutionImpl::ConvolutionImpl(const ConvolutionOptions& options)
    : Conv3dImpl(nn::Conv3dOptions(options.in, options.out, options.kernel)
                     .stride(options.stride)
                     .padding(HalfOf(options.kernel))
                     .groups(options.groups)
                     .bias(options.bias)),
      padding_(options.padding) {}

at::Tensor ConvolutionImpl::forward(const at::Tensor& input) {
  if (padding_ == Padding::kHalf) {
    return Conv3dImpl::forward(input);
  }
  at::Tensor padded = input;
  const Triple front = PadOdd(padded, options.kernel_size(), options.stride());
  return at::conv3d(padded, weight, bias, options.stride(), front, 1, options.groups());
}

SamePadding SamePaddingOf(int64_t size, int64_t kernel, int64_t stride) {
  const int64_t outputs = (size + stride - 1) / stride;
  const int64_t zeros = std::max<int64_t>(0, (outputs - 1) * stride + kernel - size);
  return {zeros / 2, zeros - zeros / 2};
}

at::Tensor MaxPoolSame(const at::Tensor& features, const Triple& kernel, const Triple& stride) {
  at::Tensor padded = features;
  const Triple front = PadOdd(padded, kernel, stride);
  return at::max_pool3d(padded, kernel, stride, front);
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
}

at::Tensor ConvUnit::operator()(const at::Tensor& input) {
  return batch_norm_(convolution_(input));
}

}  // namespace reel3d
